"""The command line.

commands  what can be typed, and what is called for it
asking    `stelsel query`
checking  `stelsel check`
sampling  `stelsel sample`
loading   `stelsel load`
linking   what `stelsel release` gave, linksets and all
tokens    `stelsel token`
reports   what a load gave, and `stelsel status`
console   progress, tables, ages, messages
"""

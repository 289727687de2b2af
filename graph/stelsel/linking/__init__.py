"""Governed links between registers: declared in a file a steward reads, computed in the build, kept as editions.

run           every linkset of a home, for a release that is being built
declarations  what a file of loaders/linksets/ says
sides         what is linked: the objects of the two sides, as their queries give them
keys          links by a shared key
places        links by where things lie
settling      what is done about objects that more than one thing answers to
coverage      how much was linked on both sides, and whether that is enough
writing       the edition of a linkset
description   what the catalogue says of it
"""

"""Readers of deliveries, for every register that has the format.

reading   what every reader gives
known     the readers by name
archives  files in folders and in zips inside zips, read where they are
nested    a zip inside a zip, as a file
xml       records of XML documents, by the element names in loader.yml
gml       geometries in GML 3.2
csv       tables of text with a heading
headings  headings of a table against the columns of loader.yml
"""

"""Readers of deliveries, for every register that has the format.

reading   what every reader gives
known     the readers by name
archives  files in folders and in zips inside zips, read where they are
nested    a zip inside a zip, as a file
xml       records of XML documents, by the element names in loader.yml
xml_stream  the same, of documents too large to be read whole
gml       geometries in GML 3.1.1 and 3.2
csv       tables of text with a heading
headings  headings of a table against the columns of loader.yml
geopackage  layers of a GeoPackage
wkb       geometries in well-known binary
rdf       subjects of RDF files, in any syntax
rdf_files  triples of such a file by subject, with flat memory
json  objects of an array in JSON
geojson  features of GeoJSON
odata  tables of statistics as OData 3 and 4 give them
statline  tables of statistics as StatLine exports them
cube  records of a statistical table, whatever its format
stems  which measure a column of such a table is
"""

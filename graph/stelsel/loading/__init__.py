"""A delivery becomes an edition.

run         the whole, from files to a committed edition
register    what loader.yml says
tables      what loader.yml says of a table and its columns
hooks       a register's own step between reader and mapping
delivery    what a delivery is before it is read: files, checksums, date, area
readers     files, XML, geometries
parts       the unit of work: a part of a delivery becomes quads and rows
pool        parts in several processes
mapping     rows become quads, by the CONSTRUCT queries of the register
geometry    geometries of a batch, from RD to CRS84
rows        records as text, and how an edition keeps them
changes     the changes of a mutation delivery, on disk
mutations   a mutation delivery applied to the edition before it
writing     results of parts in a staged edition, and what is counted
checks      an edition against its shapes
provenance  where an edition comes from, as triples
sources         what is loaded, as paths: addresses are fetched first
fetch           what an address on the web holds, on disk
fetch_asking    a GET to an address that was judged
fetch_transfer  one try to get a file, or the rest of one
fetch_copies    what is kept of an address
fetch_odata     the pages of a table of an OData service
"""

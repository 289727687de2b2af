"""Stelsel: linked data of government, honest, fresh and linked.

cli        the command line
serving    HTTP: SPARQL, curated endpoints, linked data, pages
loading    a delivery becomes an edition
sampling   deliveries of an invented municipality
linking    links between registers, as editions of their own
querying   curated queries: header, parameters, binding, guard
modelling  ontologies and shapes
storing    editions, releases, and the Store port with its workers
home       where the content is
terms      values become RDF terms
wetten     references to laws become IRIs
names      the IRIs that Stelsel mints
settings   what an operator can set
errors     everything that can go wrong
"""

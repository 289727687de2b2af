"""HTTP: SPARQL, curated endpoints, linked data, pages.

app          everything wired together, once
server       the process: listening, draining, stopping
current      the store that always answers from the current release
sparql       /sparql: the SPARQL 1.1 Protocol, as plain ASGI
asked        what a SPARQL Protocol request asks
watch        ends the work for a client that has left, or reads too slowly
description  what the SPARQL service says about itself
negotiation  which format fits what a client accepts
problems     what went wrong, as problem documents
headers      what every answer carries
sizes        how long an address and a body may be
health       whether the service lives, and whether it is ready
endpoints    curated queries as REST endpoints
resources    linked data: 303, documents, any IRI
pages        the pages for people
"""

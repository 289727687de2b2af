"""HTTP: SPARQL, curated endpoints, linked data, pages.

app          everything wired together, once
server       the service: where it listens, and in how many processes
process      one server process
processes    several on one port: a dead one is replaced, a stop drains all
accepting    connections, of which each process takes its share
scratch      a folder for what need not outlive the service
current      the store that always answers from the current release
federation   SERVICE to the endpoints that the operator lists: the workers' only way out
federation_http  the little HTTP that a worker speaks with it
redirecting  a query whose SERVICE calls go elsewhere than it says
sparql       /sparql: the SPARQL 1.1 Protocol, as plain ASGI
asked        what a SPARQL Protocol request asks
judging      the guard's judgement, with a deadline
reception    what stands between a request and the store
clients      who a client is
limits       how many seconds of query time a client has
buckets      what clients have spent, shared between server processes
running      the queries that run now, and stopping one
attempts     one query at the store: interrupted, or put back
pacing       long queries do not keep short ones waiting
operating    for operators: what runs, and metrics
metrics      what this process counts, for Prometheus
logs         the log: JSON, one line a request
tracing      which request this is
connections  what one connection may do before it has asked anything
keys         when two questions are the same
cache        answers that were given before
conditional  whether a client has the answer already
replies      how the bytes of an answer leave
doctor       what is to be said about a query before it runs, and why its answer is empty
planning     the engine's plan of a query, from an empty store
explaining   empty answers that say where to hear why
watch        ends the work for a client that has left, or reads too slowly
update       /sparql/update: the SPARQL 1.1 Protocol for updates
graphstore   /graph-store: the Graph Store HTTP Protocol
documents    the RDF documents in a request's body
writing      changes on behalf of stewards, one at a time
access       who shows a token, and what it lets them do
issuers      bearer tokens of an identity provider
description  what the SPARQL service says about itself
wellknown    /.well-known/void: what the release holds
downloads    the files that the release was built from
restoring    which profiles a graph can be asked in
ranges       parts of an answer that is kept
compressing  answers that are smaller on their way
negotiation  which format fits what a client accepts
problems     what went wrong, as problem documents
headers      what every answer carries
sizes        how long an address and a body may be
health       whether the service lives, and whether it is ready
endpoints    curated queries as REST endpoints
asking       how they ask: from the cache, or admitted and paid for
calls        what a request to an endpoint asks
openapi      the endpoints as an OpenAPI document
resources    linked data: 303, documents, any IRI
dereference  which thing an address asks for, and in which form
descriptions what the graph says of one thing
facts        a description made ready to read
linking      where things are in this service
drawing      a geometry as SVG
pages        the pages for people
welcome      what the graph holds, for the home page
searching    the search for an address
examples     the examples of the editor
reference    an OpenAPI document made ready to read
rendering    how a page is rendered
language     the words of the pages, in Dutch and English
assets       the files that pages use
answers      what the pages read from the store
"""

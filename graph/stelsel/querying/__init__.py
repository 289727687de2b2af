"""Questions from outside, judged and bound before any engine sees them.

lexer        the tokens of a query or update, as the engines read them
guard        what this service does not do is refused: SERVICE and LOAD to where it may not go
references   relative IRIs made absolute
operations   which graphs an update may write, and where its dataset is named
rewriting    an update with what the protocol adds to it
parameters   what a curated query can be asked, and how a value becomes a term
header       the `#+` header, read strictly
declarations what a header declares: place, parameters, columns, pages
curated      a `.rq` file with a header becomes a query that can be bound
results      what comes back: columns with types, as JSON
"""

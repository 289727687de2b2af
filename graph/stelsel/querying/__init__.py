"""Questions from outside, judged and bound before any engine sees them.

lexer        the tokens of a query or update, as the engines read them
guard        what this service does not do is refused: SERVICE and LOAD to where it may not go
loaded       what a query asks of a year or an edition that is not loaded
nesting      how deep a query may nest its brackets
references   relative IRIs made absolute
operations   which graphs an update may write, and where its dataset is named
rewriting    an update with what the protocol adds to it
parameters   what a curated query can be asked, and how a value becomes a term
header       the `#+` header, read strictly
declarations what a header declares: place, parameters, columns, pages
binding      terms in the place of `$name`, for queries of our own
curated      a `.rq` file with a header becomes a query that can be bound
results      what comes back: columns with types, as JSON

The doctor reads what the guard lets through, and says what it thinks of it:

reading      a query becomes groups of patterns, with their place in the text
cursor       a place in the tokens, and the terms that are read there
patterns     what comes out of that
advice       a remark: the rule, the place, the faster form, and whether that is the same
ordering     rules about the order of patterns, and why a rewrite is the same
costs        rules about patterns that cost more than they need
remarks      rules about what comes out; every rule there is
plans        the engine's plan, made readable
diagnosis    why an answer is empty
mentions     the terms that a query names, and the values that it compares
nearness     which term is meant by one that is not there
narrowing    which pattern leaves no rows
probes       small questions to a store
"""

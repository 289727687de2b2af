"""The rows of a SELECT as typed columns: an Apache Arrow stream, or a Parquet file. Needs the extra `arrow`.

SPARQL has types in its values and not in its columns, and both formats want the type of a column first. So an answer is
held back (in memory, then in a file that has no name) until its last row has been seen: a type is that of every value, never
a guess from the first ones, and no value is changed or lost.

answer     what a worker calls
cells      what stands in a column, as the engine writes it: texts, and of which kinds they are
types      which type a column gets
writing    the answer, held back and then written
"""

"""What the terms mean, and whether an edition keeps to it.

documents.py     a Turtle file as facts that know their line
mentions.py      which terms a Turtle or SPARQL text names, and where
prefixes.py      the one list of prefixes
ontology.py      what a steward sees of an ontology: checks, with file and line
paths.py         SHACL property paths as SPARQL property paths
constraints.py   SHACL components as queries; the queries are in components/
shapefile.py     a file of shapes, read strictly
shapes.py        shapes, counted over a whole edition
reports.py       the outcome as a SHACL validation report
"""

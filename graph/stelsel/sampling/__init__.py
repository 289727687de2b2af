"""Deliveries of an invented municipality, in the official formats: at any size, from one seed, with every trap in.

sample         writes all of it: the one door
municipality   the facts: who lives where, pure functions of seed and index
ground         where that is: footprints and points in RD
streetnames    what the streets are called
timeline       when it became valid, was registered, was corrected
chance         repeatable numbers
traps          what a loader must survive, and how often it is in a sample
bag_objects    the seven object types of the BAG, as records
bag_histories  the voorkomens of every object
bag_extras     objects that no address belongs to: water, withdrawn, not-BAG, in onderzoek
bag_xml        records as BAG 2.0 XML
bag_extract    the extract delivery (BAGGEM9990L)
bag_mutations  the mutation delivery (BAGNLDM) of the day after
archives       zips inside zips, streamed, the same bytes every time
"""

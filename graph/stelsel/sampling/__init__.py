"""Deliveries of an invented municipality, in the official formats: at any size, from one seed, with every trap in.

sample           writes all of it: the one door
municipality     the facts: streets, addresses, households, buurten, as pure functions of size, seed and index
ground           where that is: footprints and points in RD
streetnames      what the streets are called
growth           when things began and what changed since
timeline         valid time and registration time, registered by the gemeente and by the LV
chance           repeatable numbers
traps            what a loader must survive, which address bears it, and how often it is in a sample
identifications  identifications of BAG objects
bag_objects      the seven object types of the BAG, as records
bag_addresses    voorkomens of openbare ruimten and nummeraanduidingen
bag_buildings    voorkomens of panden and verblijfsobjecten
bag_extras       what no street has: woonplaatsen, berths, pitches, not-BAG and corrected objects, onderzoek
bag_xml          records as XML of the BAG 2.0
bag_files        what surrounds the records in a file
bag_extract      the extract delivery (BAGGEM9990L)
bag_mutations    the mutation delivery of the day after (BAGNLDM)
archives         zips inside zips, streamed, the same bytes every time
"""

from stelsel.sampling.sample import write_sample

__all__ = ["write_sample"]

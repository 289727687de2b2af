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
cbs_figures      what is counted in a buurt, in each of two years
cbs_regions      gemeente, wijken and buurten of a year, and their ground
cbs_topics       columns of the tables Kerncijfers wijken en buurten
cbs_table        those tables as saved OData
cbs_polygons     the map of the regions as GeoJSON
cbs_delivery     figures and map of two years, and the traps in them
ep_traps         what a file of energy labels does to a loader
ep_labels        the energy labels of addresses, berths, pitches and panden
ep_online        the total file of energy labels
tooi_organisations  the lists of organisations that TOOI publishes
brk_parcels      percelen and boundaries that cover the municipality
brk_xml          those as XML of the DKK 5.0.0
brk_map          the delivery of the cadastral map
brk_restrictions public-law restrictions, as a GeoPackage and as CSV
brk_traps        what the cadastre does to a loader
geopackage       layers of features, as a GeoPackage
files            plain files, complete or not there
archives         zips inside zips, streamed, the same bytes every time
"""

from stelsel.sampling.sample import REGISTERS, write_sample

__all__ = ["REGISTERS", "write_sample"]

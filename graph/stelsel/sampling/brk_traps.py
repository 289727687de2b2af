"""What the cadastral map and the restrictions do to a loader, done on purpose: which address bears it, and how often.

All on the second street, behind the traps of the BAG, and only in a sample that holds every trap of those.
"""

from __future__ import annotations

from stelsel.sampling.traps import Trap

BRK_TRAPS: dict[str, Trap] = {
    "garden of its own": Trap(1, "a perceel behind a house, split off it: no house stands on it"),
    "pand on two percelen": Trap(1, "a house that the boundary of two percelen runs through"),
    "two panden on a perceel": Trap(1, "a perceel of two lots that were joined"),
    "crossed perceel": Trap(1, "a perceel whose ring crosses itself: the schema allows it"),
    "sliver": Trap(1, "a perceel of less than a square metre, with a comma in its size"),
    "other size": Trap(1, "a perceel whose registered size is twice that of its boundary"),
    "ended boundary": Trap(1, "a kadastrale grens that had ended before the delivery's date"),
    "curved boundary": Trap(1, "a kadastrale grens as a curve with an arc"),
    "two AKR codes": Trap(2, "AKR codes of the one kadastrale gemeente"),
    "filler": Trap(1, "a pand on the map with 9999999999 where its number in the BAG should be"),
}
BRK_PB_TRAPS: dict[str, Trap] = {
    "perceel that is no more": Trap(1, "a restriction on the perceel that the joined lots were before"),
    "apartment right": Trap(2, "objects of restrictions that are apartment rights: index A"),
    "no identification": Trap(1, "an object of a restriction with NO-GEO for its identification"),
    "ended restriction": Trap(1, "a restriction that was taken off, with a document for both"),
    "several objects": Trap(1, "a restriction on three objects"),
    "line and point": Trap(2, "restrictions whose area is a line or points"),
    "unknown ground": Trap(1, "a restriction with a code that no list of this project has"),
    "broken area": Trap(1, "a restriction whose area crosses itself"),
}

GARDEN, HALVED, JOINED, CROSSED, SLIVER, RESIZED = 60, 61, (62, 64), 66, 68, 72
"""Addresses. The two of JOINED lie side by side, on the side of even numbers."""
FILLER = 74
CURVED, ENDED = 76, 78

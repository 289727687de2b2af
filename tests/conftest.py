"""What tests share: where the real deliveries are, when they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real and official test deliveries, which are not ours to ship."""
    if not SHARED.is_dir():
        pytest.skip("../shared, with the real deliveries, is not beside this repository")
    return SHARED


@pytest.fixture(scope="session")
def weesp(shared: Path) -> Path:
    """The complete BAG extract of gemeente Weesp of 2021-10-15."""
    return shared / "data/bag/gem-0457-weesp/BAGGEM0457L-15102021.zip"


@pytest.fixture(scope="session")
def mutations(shared: Path) -> Path:
    """The national mutation delivery of 2021-11-13."""
    return shared / "data/bag/mutaties-nld/BAGNLDM-13112021-14112021.zip"

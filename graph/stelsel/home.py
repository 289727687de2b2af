"""Where the content is: a home is any folder with `ontologies/`, `loaders/` and `queries/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stelsel.errors import SettingError

_SHIPPED = Path(__file__).parent / "content"
# An installed wheel carries its content; a checkout has it beside graph/.
DEFAULT = _SHIPPED if _SHIPPED.is_dir() else Path(__file__).parents[2]


@dataclass(frozen=True)
class Home:
    """A folder of content. Its `rows.py` files are code that runs: a home is trusted."""

    root: Path

    @property
    def loaders(self) -> Path:
        """One folder a register."""
        return self.root / "loaders"

    @property
    def queries(self) -> Path:
        """One folder a theme, one `.rq` a curated query."""
        return self.root / "queries"

    @property
    def ontologies(self) -> Path:
        """One `.ttl` an ontology, one `.shapes.ttl` for its shapes."""
        return self.root / "ontologies"

    def registers(self) -> list[str]:
        """Names of the registers, sorted: the folders that hold a `loader.yml`."""
        return sorted(path.parent.name for path in self.loaders.glob("*/loader.yml"))


def open_home(root: Path | None = None) -> Home:
    """The home at `root`, or the content that Stelsel ships. Raises SettingError where a folder is missing."""
    home = Home((root or DEFAULT).resolve())
    missing = [path.name for path in (home.ontologies, home.loaders, home.queries) if not path.is_dir()]
    if missing:
        raise SettingError(f"{home.root} is not a home: it has no {', '.join(missing)}/ (see --home)")
    return home

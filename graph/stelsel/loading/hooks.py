"""A register's own step, `rows.py`: Python between reader and mapping, for what no reader can know.

It is loaded from the home by path, so a home is code that runs: it is trusted, as SECURITY.md says.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from types import ModuleType

from stelsel.errors import ContentError
from stelsel.loading.register import Register
from stelsel.loading.rows import Row

Hook = Callable[[str, Row], Iterable[tuple[str, Row]]]
"""Table and row as read -> tables and rows to map, none or more. ValueError with the reason refuses the record."""


def read_hook(register: Register) -> Hook | None:
    """`rows` in the register's `rows.py`; None where it has none. Raises ContentError where that is not a function."""
    file = register.folder / "rows.py"
    if not file.is_file():
        return None
    spec = importlib.util.spec_from_file_location(f"stelsel_register_{register.folder.name.replace('-', '_')}", file)
    assert spec is not None  # a path that ends in .py has a loader
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError) as error:
        raise ContentError(f"cannot be imported: {error}", file=str(file)) from error
    hook = getattr(module, "rows", None)
    if not callable(hook):
        raise ContentError("has no function rows(table, row)", file=str(file))
    function: Hook = hook
    return function

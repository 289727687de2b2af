"""Everything that can go wrong, as one tree. The class says what happened; the message says what to do.

StelselError
├── InputError                 what came from outside is wrong
│   ├── DeliveryError          a delivery cannot be read (file, record, line)
│   ├── ContentError           a file in loaders/, queries/ or ontologies/ is wrong (file, line)
│   ├── SettingError           a setting or an argument is wrong
│   ├── ParameterError         a parameter of a curated query is wrong (name)
│   ├── QuerySyntaxError       a query does not parse (line, column)
│   ├── QueryRefused           a query asks for what this service does not do (SERVICE, LOAD, ...)
│   ├── FunctionUnknown        a query calls a function that this service does not have
│   ├── LinksetRefused         a linkset links less, or less clearly, than it declares (linkset)
│   ├── ChangeConflict         a change does not fit what is there (a graph that it needs, or makes)
│   ├── NotAcceptable          no offered format fits (offered)
│   └── NotFound               there is no such thing (a release, a register, an object)
├── LimitError                 a query met a limit
│   ├── DeadlinePassed         it ran out of time (seconds)
│   ├── MemoryExceeded         it ran out of memory
│   ├── Truncated              its answer stops at a limit, well-formed (limit)
│   ├── Busy                   no worker came free (retry_after)
│   ├── BudgetSpent            the client has used its query time (retry_after)
│   └── Stopped                an operator stopped it
└── StoreError                 the data directory
    ├── NoRelease              nothing has been released yet
    ├── Unreachable            a server that the answer hangs on is not there, or gives no whole answer
    ├── Damaged                a checksum does not match, or a file is missing
    ├── GraphsOverlap          a triple stands in two graphs, which a release cannot have
    ├── DiskFull               the disk is full; nothing that was there is lost
    └── Locked                 another process is writing
"""

from __future__ import annotations

from collections.abc import Mapping


class StelselError(Exception):
    """Anything that Stelsel says to a person. `str(error)` is the whole message."""

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders; the default would call __init__ with the finished message only.
        return _restore, (type(self), self.args, self.__dict__)


def _restore(kind: type[StelselError], args: tuple[object, ...], state: dict[str, object]) -> StelselError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class InputError(StelselError):
    """What came from outside is wrong; nothing that was there is lost."""


class DeliveryError(InputError):
    """A delivery cannot be read. `where` names the file inside the delivery, the record, or the line."""

    def __init__(self, message: str, *, where: str = "") -> None:
        self.where = where
        super().__init__(f"{where}: {message}" if where else message)


class ContentError(InputError):
    """A file in loaders/, queries/ or ontologies/ is wrong."""

    def __init__(self, message: str, *, file: str, line: int | None = None) -> None:
        self.file, self.line = file, line
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {message}")


class SettingError(InputError):
    """A setting or an argument is wrong."""


class ParameterError(InputError):
    """A parameter of a curated query is wrong; `name` is the parameter."""

    def __init__(self, message: str, *, name: str) -> None:
        self.name = name
        super().__init__(message)


class QuerySyntaxError(InputError):
    """A query does not parse; `line` and `column` count from 1 and are None where the engine does not say."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        self.line, self.column = line, column
        super().__init__(message)


class QueryRefused(InputError):
    """A query asks for what this service does not do."""


class FunctionUnknown(InputError):
    """A query calls a function that this service does not have; the query itself is well-formed."""


class LinksetRefused(InputError):
    """A linkset links less than it declares, or links what it may not; `linkset` is its name."""

    def __init__(self, message: str, *, linkset: str) -> None:
        self.linkset = linkset
        super().__init__(message)


class ChangeConflict(InputError):
    """A change does not fit what is there: it needs a graph that is not there, or makes one that is."""


class NotAcceptable(InputError):
    """None of the formats that are offered fits what the client accepts."""

    def __init__(self, message: str, *, offered: tuple[str, ...]) -> None:
        self.offered = offered
        super().__init__(message)


class NotFound(InputError):
    """There is no such thing."""


class LimitError(StelselError):
    """A query met a limit of this service."""


class DeadlinePassed(LimitError):
    """A query ran out of time; `seconds` is what it was given."""

    def __init__(self, message: str, *, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(message)


class MemoryExceeded(LimitError):
    """A query ran out of memory."""


class Truncated(LimitError):
    """An answer stops at a limit and is well-formed; `limit` is `rows` or `bytes`."""

    def __init__(self, message: str, *, limit: str) -> None:
        self.limit = limit
        super().__init__(message)


class Busy(LimitError):
    """No worker came free in time; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class BudgetSpent(LimitError):
    """The client has used its query time; `retry_after` is in seconds, `headers` say how the budget stands."""

    def __init__(self, message: str, *, retry_after: int, headers: Mapping[str, str] | None = None) -> None:
        self.retry_after, self.headers = retry_after, headers or {}
        super().__init__(message)


class Stopped(LimitError):
    """An operator stopped the query."""


class StoreError(StelselError):
    """The data directory is not as it should be."""


class NoRelease(StoreError):
    """Nothing has been released yet."""


class Unreachable(StoreError):
    """A server that the answer hangs on (a remote store, an endpoint of SERVICE) is not there, or gives no whole answer."""


class Damaged(StoreError):
    """A checksum does not match, or a file is missing."""


class GraphsOverlap(StoreError):
    """A triple stands in two graphs, so that a release would count it twice."""


class DiskFull(StoreError):
    """The disk is full; nothing that was there is lost."""


class Locked(StoreError):
    """Another process is writing to the data directory."""

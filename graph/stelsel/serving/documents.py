"""The RDF documents in a request's body: one, or several as a form with files."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from typing import Final

from starlette.types import Scope

from stelsel.errors import ParameterError
from stelsel.serving.problems import HttpProblem
from stelsel.serving.update import content_type
from stelsel.storing.changes import Part
from stelsel.storing.formats import FORMATS

_FORM: Final = "multipart/form-data"
_PARTS: Final = 100  # documents in one request
_NAMES: Final = ("turtle", "ntriples", "rdfxml", "jsonld")
_BY_TYPE: Final = {media_type: name for name in _NAMES for media_type in FORMATS[name].media_types}
_OFFERED: Final = ", ".join(FORMATS[name].media_type for name in _NAMES)


def read_parts(scope: Scope, body: bytes, *, base_iri: str) -> tuple[Part, ...]:
    """The documents of a request. Raises HttpProblem 415 for a type that is not read, ParameterError for a broken form."""
    media_type = content_type(scope)
    if media_type != _FORM:
        return (Part(_format(media_type), body, base_iri),)
    given = dict(scope["headers"])[b"content-type"]
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + given + b"\r\n\r\n" + body)
    if message.defects or not message.is_multipart():
        raise ParameterError("the body is not the form that its content type says it is", name="body")
    parts = list(message.iter_parts())
    if len(parts) > _PARTS:
        raise HttpProblem(f"there are more than {_PARTS} documents", status=413)
    return tuple(
        Part(_format(part.get_content_type()), bytes(part.get_payload(decode=True) or b""), base_iri) for part in parts
    )


def _format(media_type: str) -> str:
    if media_type not in _BY_TYPE:
        raise HttpProblem(
            f"{media_type[:80] or 'a body without a type'} is not read here; {_OFFERED} are",
            status=415,
            headers={"accept-post": f"{_OFFERED}, {_FORM}"},
        )
    return _BY_TYPE[media_type]

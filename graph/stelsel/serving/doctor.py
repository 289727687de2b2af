"""/sparql/doctor: what is to be said about a query before it runs, and why its answer is empty."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from stelsel.errors import InputError, QueryRefused, QuerySyntaxError
from stelsel.querying.advice import LANGUAGES, Advice, edited, phrase
from stelsel.querying.diagnosis import Diagnosis, Finding, Release, check, diagnose
from stelsel.querying.lexer import place
from stelsel.querying.patterns import Query
from stelsel.querying.probes import Allowance, Probes
from stelsel.querying.reading import LONGEST, Unread, read
from stelsel.querying.remarks import advise, undeclared
from stelsel.serving import asked
from stelsel.serving.current import CurrentStore
from stelsel.serving.explaining import flag
from stelsel.serving.judging import Judge
from stelsel.serving.negotiation import best
from stelsel.serving.planning import Planned, Planner
from stelsel.serving.problems import HttpProblem
from stelsel.serving.reception import Reception
from stelsel.serving.rendering import Pages
from stelsel.serving.running import Watched
from stelsel.settings import Settings
from stelsel.storing import Limits, Question

PATH: Final = "/sparql/doctor"

_SECONDS: Final = 3.0  # for all questions of a diagnosis
_EACH: Final = 0.75
_MEMORY: Final = 500_000_000
_BYTES: Final = 2_000_000
_WARNINGS: Final = 30
_ANYWHERE: Final = frozenset({"unknown-prefix", "cross-product", "select-star"})  # rules for every engine
_LANGUAGES: Final = frozenset(("taal", code) for code in LANGUAGES)
_OFFERED: Final = ("application/json", "text/html")
_HEADERS: Final = {"access-control-allow-origin": "*", "cache-control": "no-store", "vary": "Accept, Accept-Language"}
_PREFLIGHT: Final = {
    **_HEADERS,
    "allow": "GET, HEAD, POST, OPTIONS",
    "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
    "access-control-allow-headers": "Accept, Accept-Language, Content-Type",
    "access-control-max-age": "86400",
}

_Ask = Callable[[Query, Probes, Release], Awaitable[Diagnosis]]


class Doctor:
    """Examines queries. What it asks the store is charged to the client, as its queries are."""

    def __init__(
        self,
        store: CurrentStore,
        settings: Settings,
        *,
        pages: Pages,
        reception: Reception,
    ) -> None:
        self._store, self._settings, self._reception = store, settings, reception
        self._names = pages.names
        self._namespaces = {prefix: namespace for namespace, prefix in pages.links.prefixes.items()}
        self._base = settings.base + "/"
        self._union = settings.default_graph == "union"
        self._planner = Planner(self._base)
        self._judge = Judge(allowed_services=frozenset(settings.federation), base=self._base)

    async def close(self) -> None:
        """Remove what the plans were made in, and end what was started to read long queries."""
        self._planner.close()
        await self._judge.close()

    async def examine(self, question: Question, client: str, language: str, *, empty: bool) -> dict[str, Any]:
        """The report about a query; with `empty`, also why its answer is empty. Raises NoRelease and StoreError."""
        text = question.text
        report: dict[str, Any] = {"form": None, "runs": False, "error": None, "plan": None, "noPlan": None}
        began = time.monotonic()
        query, unread = _read(text, self._base)
        warnings = undeclared(text, self._namespaces) if len(text) <= LONGEST else []
        warnings += advise(query, union=self._union) if query else []
        if self._settings.store:
            warnings = [advice for advice in warnings if advice.rule in _ANYWHERE]
        try:
            report["form"] = await self._judge.form(text, self._settings.query_seconds)
            planned = Planned(reason="elsewhere")
            if not self._settings.store:
                planned = await self._planner.plan(text, query.prefixes if query else {})
            report["runs"] = True
            if planned.plan is not None:
                report["plan"] = {"text": "\n".join(planned.plan.lines()), "tree": planned.plan.json()}
            else:
                report["noPlan"] = phrase("none", language, section="plan", reason=planned.why_not(language))
        except (QuerySyntaxError, QueryRefused) as error:
            report["error"] = _error(error)
        finally:
            self._reception.charge(client, time.monotonic() - began)
        report["unread"] = unread or None
        report["warnings"] = [_warning(advice, text, language) for advice in warnings[:_WARNINGS]]
        report["moreWarnings"] = max(0, len(warnings) - _WARNINGS)
        found = Diagnosis((), complete=True)
        if query is not None and report["runs"] and (empty or self._store.ready):
            found = await self._asked(diagnose if empty else check, query, question, client)
        report["terms"] = [] if empty else [_finding(each, text, language) for each in found.findings]
        report["diagnosis"] = _diagnosis(found, text, language, unread) if empty else None
        return report

    async def _asked(self, ask: _Ask, query: Query, question: Question, client: str) -> Diagnosis:
        info = self._store.info()
        release = Release(tuple(info.graphs), info.dates, self._names.catalogue)
        settings = self._settings
        each = Limits(
            seconds=min(_EACH, settings.query_seconds),
            memory=min(_MEMORY, settings.query_memory),
            bytes=_BYTES,
            client=client,
        )
        probes = Probes(Watched(self._store, self._reception.queries), Allowance(each, _SECONDS), question)
        return await ask(query, probes, release)


def router(doctor: Doctor, pages: Pages, settings: Settings, reception: Reception) -> APIRouter:
    """The routes. POST takes a query as SPARQL does; GET is for the links in empty answers."""
    routes = APIRouter(include_in_schema=False)

    @routes.api_route(PATH, methods=["OPTIONS"])
    async def options() -> Response:
        return Response(status_code=204, headers=_PREFLIGHT)

    @routes.api_route(PATH, methods=["GET", "HEAD", "POST"])
    async def examined(request: Request) -> Response:
        longest = settings.query_length
        given = await asked.read(request.scope, request.receive, longest=longest, base_iri=settings.base + "/")
        if given.question is None:
            raise HttpProblem(f"there is no query; send one as to /sparql, such as {PATH}?query=...", status=400)
        media_type = best(given.accept, _OFFERED)
        client = reception.client(request.scope)
        standing = reception.admit(client)
        language = pages.language(request).code
        if media_type != "text/html" and "accept-language" not in request.headers:
            language = "en"  # as all that programs read
        language = next((value for name, value in given.parameters if (name, value) in _LANGUAGES), language)
        text = given.question.text
        report = await doctor.examine(given.question, client, language, empty=flag(given.parameters, "leeg"))
        headers = _HEADERS | {name.decode(): value.decode() for name, value in standing}
        if media_type == "text/html":
            return pages.render(
                request,
                "doctor.html",
                headers=headers,
                report=report,
                query=text,
                editor=pages.editor(request, text),
            )
        return Response(orjson.dumps(report), media_type="application/json", headers=headers)

    return routes


def _read(text: str, base: str) -> tuple[Query | None, str]:
    try:
        return read(text, base), ""
    except Unread as reason:
        return None, str(reason)


def _error(error: InputError) -> dict[str, Any]:
    kind = "syntax" if isinstance(error, QuerySyntaxError) else "refused"
    found: dict[str, Any] = {"kind": kind, "message": str(error)}
    if isinstance(error, QuerySyntaxError):
        found |= {"line": error.line, "column": error.column}
    return found


def _warning(advice: Advice, text: str, language: str) -> dict[str, Any]:
    line, column = place(text, advice.offset)
    words = advice.words(language)
    return {
        "rule": advice.rule,
        "line": line,
        "column": column,
        "what": words["what"],
        "why": words["why"],
        "instead": words["instead"],
        "same": advice.same,
        "unless": "" if advice.same == "yes" else words.get("unless", ""),
        "query": edited(text, advice.edits) if advice.edits else None,
    }


def _diagnosis(found: Diagnosis, text: str, language: str, unread: str) -> dict[str, Any]:
    summary = ""
    if unread:
        summary = phrase("unread", language, reason=unread)
    elif not found.complete:
        summary = phrase("cut", language)
    elif not found.findings:
        summary = phrase("nothing", language)
    return {
        "findings": [_finding(finding, text, language) for finding in found.findings],
        "complete": found.complete and not unread,
        "summary": summary,
    }


def _finding(finding: Finding, text: str, language: str) -> dict[str, Any]:
    line, column = place(text, finding.offset)
    edit = finding.edit
    return {
        "reason": finding.reason,
        "line": line,
        "column": column,
        "text": finding.text(language),
        "near": finding.near,
        "query": edited(text, (edit,)) if edit else None,
    }

"""The command line. Every command is a few lines: read settings, call the engine, say what came of it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from stelsel.cli import console, tokens
from stelsel.errors import NotFound, QuerySyntaxError, StelselError
from stelsel.home import open_home
from stelsel.names import Names
from stelsel.settings import PREFIX, Settings, read_settings

app = typer.Typer(
    help="Linked data of government: deliveries of registers in, one graph with provenance out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="A first graph: stelsel sample OUT; stelsel load bag OUT/bag; stelsel release; stelsel serve",
)
app.add_typer(tokens.app, name="token")

# Each option says which variable gives it too; reading the environment is the business of `read_settings` alone.
_LONGEST = 200  # characters of a parser's message: the rest lists what else it would have taken
_HELP = {name: f"{field.description} [{PREFIX}{name.upper()}]" for name, field in Settings.model_fields.items()}
Data = Annotated[Path | None, typer.Option("--data", help=_HELP["data"], show_default="data")]
HomeDir = Annotated[Path | None, typer.Option("--home", help=_HELP["home"])]
Base = Annotated[str | None, typer.Option("--base", help=_HELP["base"])]
AudienceName = Annotated[str | None, typer.Option("--audience", help=_HELP["audience"])]


@app.command()
def sample(
    out: Annotated[Path, typer.Argument(help="Folder to write to; one folder a register")],
    addresses: Annotated[int, typer.Option(min=10, max=10_000_000, help="How many addresses")] = 2_000,
    seed: Annotated[int, typer.Option(help="The same seed and size give the same bytes")] = 1,
    register: Annotated[
        list[str] | None, typer.Option(help="Only this register; may be given more than once", show_default="all")
    ] = None,
) -> None:
    """Write the deliveries of an invented municipality, in the official formats."""
    from stelsel.cli.sampling import write  # noqa: PLC0415  # each command loads what it needs, so that --help is quick

    write(out, addresses=addresses, seed=seed, registers=register or [])


@app.command()
def load(
    register: Annotated[str, typer.Argument(help="A folder of loaders/, such as bag")],
    source: Annotated[
        list[str], typer.Argument(help="The delivery: files, folders, zips or http(s) addresses", metavar="FROM...")
    ],
    date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Its date, where it does not say that itself"),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Make the edition even if more records are refused than expected")
    ] = False,
    processes: Annotated[int | None, typer.Option(help=_HELP["processes"])] = None,
    timing: Annotated[bool, typer.Option("--timing", help="Show the seconds of each step, as JSON")] = False,
    data: Data = None,
    home: HomeDir = None,
    base: Base = None,
) -> None:
    """Make an edition from a delivery. A mutation delivery is applied to the edition before it."""
    from stelsel.cli.loading import make  # noqa: PLC0415

    settings = read_settings({"data": data, "home": home, "base": base, "processes": processes})
    make(register, source, settings, on=date.date() if date else None, accept=accept, timing=timing)


@app.command()
def release(
    accept: Annotated[
        bool, typer.Option("--accept", help="Release even if a linkset links less than it declares")
    ] = False,
    audience: AudienceName = None,
    data: Data = None,
    home: HomeDir = None,
    base: Base = None,
) -> None:
    """Build a release from the newest editions and the links between them, and switch to it."""
    from stelsel.cli.linking import released  # noqa: PLC0415
    from stelsel.linking.run import build  # noqa: PLC0415
    from stelsel.storing.editions import newest  # noqa: PLC0415
    from stelsel.storing.releases import switch  # noqa: PLC0415
    from stelsel.storing.stewardship import STEWARD  # noqa: PLC0415

    settings = read_settings({"data": data, "home": home, "base": base, "audience": audience})
    content = open_home(settings.home)
    with console.progress() as move:
        registers = (*content.registers(), STEWARD)
        found = [edition for name in registers if (edition := newest(settings.data, name))]
        if not found:
            raise NotFound(f"there is no edition in {settings.data}; make one with: stelsel load REGISTER FROM")
        names = Names(settings.base)
        outcome = build(settings.data, content, names, settings.audience, found, accept=accept, progress=move)
        switch(settings.data, settings.audience, outcome.release.id)
    released(outcome)


@app.command()
def rollback(
    to: Annotated[
        str | None, typer.Argument(help="A release; without it, the one before the current", metavar="[RELEASE]")
    ] = None,
    audience: AudienceName = None,
    data: Data = None,
) -> None:
    """Make an earlier release current again. A running service follows within a second."""
    from stelsel.storing.releases import rollback as back  # noqa: PLC0415

    settings = read_settings({"data": data, "audience": audience})
    made = back(settings.data, settings.audience, to)
    console.say(f"release {made.id} ({settings.audience}) is current")


@app.command()
def push(
    endpoint: Annotated[
        str, typer.Argument(help="Where that store answers SPARQL; STELSEL_STORE of who serves from it")
    ],
    graph_store: Annotated[str, typer.Option(help="Its Graph Store, where that is not where its engine has it")] = "",
    update: Annotated[str, typer.Option(help="Where it takes SPARQL Update, if it has no Graph Store")] = "",
    audience: AudienceName = None,
    data: Data = None,
    base: Base = None,
) -> None:
    """Put the current release into another store, such as Virtuoso. One that was broken off goes on where it was."""
    import asyncio  # noqa: PLC0415

    from stelsel.storing.pushing import Target  # noqa: PLC0415
    from stelsel.storing.pushing import push as send  # noqa: PLC0415

    settings = read_settings({"data": data, "base": base, "audience": audience})
    with console.progress() as move:
        made = asyncio.run(send(settings, Target(endpoint, graph_store, update), move))
    console.say(
        f"release {made.id} ({settings.audience}) is in {endpoint}: {made.quads:,} quads in {len(made.graphs)} graphs, counted"
    )


@app.command()
def status(
    json: Annotated[bool, typer.Option("--json", help="For scripts")] = False,
    data: Data = None,
    home: HomeDir = None,
) -> None:
    """Show registers, editions, releases and what is current, with their ages."""
    from stelsel.cli import reports  # noqa: PLC0415

    settings = read_settings({"data": data, "home": home})
    found = reports.status(settings.data, open_home(settings.home))
    if json:
        console.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    else:
        reports.show(found)


@app.command()
def prune(
    keep: Annotated[
        int, typer.Option(min=1, help="Releases to keep, and editions a register, besides those in use")
    ] = 3,
    data: Data = None,
) -> None:
    """Remove the oldest releases and editions; never what is current or what a kept release was built from."""
    from stelsel.storing.pruning import prune as remove  # noqa: PLC0415

    settings = read_settings({"data": data})
    gone = remove(settings.data, keep)
    console.say("\n".join(f"removed {name}" for name in gone) or "nothing to remove")


@app.command()
def check(home: HomeDir = None, base: Base = None) -> None:
    """Check all content: every register, query, ontology and shape. Says file and line of what is wrong."""
    from stelsel.cli.checking import check_home  # noqa: PLC0415

    settings = read_settings({"home": home, "base": base})
    findings, files = check_home(open_home(settings.home), Names(settings.base))
    for finding in findings:
        console.complain(finding)
    if findings:
        raise typer.Exit(1)
    console.say(f"{files} content files are in order")


@app.command()
def query(
    what: Annotated[str, typer.Argument(help="A .rq file, or SPARQL itself", metavar="FILE_OR_TEXT")],
    parameter: Annotated[
        list[str] | None, typer.Argument(help="For a curated query: name=value", metavar="[NAME=VALUE]...")
    ] = None,
    format: Annotated[str | None, typer.Option(help="table, or a format such as csv, json, turtle")] = None,
    audience: AudienceName = None,
    data: Data = None,
    home: HomeDir = None,
    base: Base = None,
) -> None:
    """Ask the current release."""
    from stelsel.cli.asking import ask  # noqa: PLC0415

    settings = read_settings({"data": data, "home": home, "base": base, "audience": audience})
    ask(settings, open_home(settings.home), what, parameter or [], format)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help=_HELP["host"])] = None,
    port: Annotated[int | None, typer.Option(help=_HELP["port"])] = None,
    workers: Annotated[int | None, typer.Option(help=_HELP["workers"])] = None,
    default_graph: Annotated[str | None, typer.Option(help=_HELP["default_graph"])] = None,
    audience: AudienceName = None,
    data: Data = None,
    home: HomeDir = None,
    base: Base = None,
) -> None:
    """Serve the current release: SPARQL, endpoints, linked data and pages."""
    from stelsel.serving.server import run  # noqa: PLC0415

    flags: dict[str, Any] = {
        "host": host, "port": port, "workers": workers, "default_graph": default_graph,
        "audience": audience, "data": data, "home": home, "base": base,
    }  # fmt: skip
    settings = read_settings(flags)
    run(settings, open_home(settings.home))


def main() -> None:
    """Runs a command. The outermost boundary: what goes wrong is said in a sentence, and the exit code is not 0."""
    try:
        app()
    except QuerySyntaxError as error:
        place = f"line {error.line}, column {error.column}: " if error.line else ""
        said = str(error)
        console.complain(place + (said if len(said) <= _LONGEST else said[:_LONGEST] + " …"))
        sys.exit(1)
    except StelselError as error:
        console.complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        console.complain("stopped; nothing that was there has changed")
        sys.exit(130)

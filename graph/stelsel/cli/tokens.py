"""`stelsel token`: make, show and revoke the tokens of stewards and operators."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stelsel.cli import console
from stelsel.settings import read_settings
from stelsel.storing.tokens import Scope, create, revoke, tokens

app = typer.Typer(help="Make, show and revoke the tokens of stewards and operators.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="Folder that holds editions and releases [STELSEL_DATA]")]


class ScopeName(StrEnum):
    """What a token can allow."""

    STEWARD = "steward"
    OPERATOR = "operator"


@app.command("create")
def create_token(
    scope: Annotated[
        list[ScopeName],
        typer.Option(help="What it allows: steward changes data, operator sees and stops queries; may be repeated"),
    ],
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires")] = 90,
    data: Data = None,
) -> None:
    """Make a token. It is shown once: only a hash of it is kept."""
    scopes: list[Scope] = [each.value for each in scope]
    secret, token = create(read_settings({"data": data}).data, scopes, days=days)
    # The token alone on standard output, so that a script can read it.
    console.ERR.print(
        f"token {token.id} ({', '.join(token.scopes)}) is good until {token.expires:%Y-%m-%d}; this is shown once:",
        soft_wrap=True,
    )
    console.say(secret)


@app.command("list")
def list_tokens(data: Data = None) -> None:
    """Show all tokens, without the tokens themselves."""
    found = tokens(read_settings({"data": data}).data)
    if not found:
        console.say("there are no tokens; make one with: stelsel token create --scope steward")
        return
    now = datetime.now(UTC)
    rows = [
        [
            token.id,
            ", ".join(token.scopes),
            f"{token.made:%Y-%m-%d}",
            "expired" if token.expired(now) else f"{token.expires:%Y-%m-%d}",
        ]
        for token in found
    ]
    console.table("tokens", ["id", "scopes", "made", "good until"], rows)


@app.command("revoke")
def revoke_token(
    id: Annotated[str, typer.Argument(help="The id, as `stelsel token list` shows it", metavar="ID")], data: Data = None
) -> None:
    """End a token at once. A running service refuses it from the next request."""
    token = revoke(read_settings({"data": data}).data, id)
    console.say(f"token {token.id} ({', '.join(token.scopes)}) is revoked")

"""Tokens are shown once, kept as hashes, and end when they expire or are revoked."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from stelsel.cli.commands import app
from stelsel.errors import Damaged, NotFound
from stelsel.storing.locks import lock
from stelsel.storing.tokens import MARK, create, digest, revoke, tokens, tokens_path


def test_only_a_hash_is_kept_and_only_for_the_user_that_runs_the_service(tmp_path):
    secret, token = create(tmp_path, ["steward"], days=1)
    kept = tokens_path(tmp_path)
    assert secret.startswith(MARK)
    assert len(secret) >= len(MARK) + 43
    assert secret.removeprefix(MARK) not in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert tokens(tmp_path) == [token]
    assert token.hash == digest(secret)


def test_a_token_expires_on_the_day_that_was_said(tmp_path):
    _, token = create(tmp_path, ["operator", "operator"], days=30)
    now = datetime.now(UTC)
    assert token.scopes == ("operator",)
    assert not token.expired(now + timedelta(days=29))
    assert token.expired(now + timedelta(days=30, seconds=1))


def test_a_token_that_is_revoked_is_gone_and_the_others_stay(tmp_path):
    _, first = create(tmp_path, ["steward"], days=1)
    _, second = create(tmp_path, ["operator"], days=1)
    assert revoke(tmp_path, first.id) == first
    assert tokens(tmp_path) == [second]
    with pytest.raises(NotFound):
        revoke(tmp_path, first.id)


def test_tokens_that_are_made_at_once_are_all_kept(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: create(tmp_path, ["steward"], days=1)[1].id, range(24)))
    assert sorted(token.id for token in tokens(tmp_path)) == sorted(made)


def test_a_token_can_be_made_while_a_load_runs(tmp_path):
    with lock(tmp_path):
        create(tmp_path, ["steward"], days=1)
    assert len(tokens(tmp_path)) == 1


def test_a_file_that_is_no_list_of_tokens_is_damaged(tmp_path):
    tokens_path(tmp_path).write_text('[{"id": "x"}]')
    with pytest.raises(Damaged, match="tokens"):
        tokens(tmp_path)


def command(*arguments):
    done = CliRunner().invoke(app, ["token", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done


def test_the_command_gives_the_token_alone_on_standard_output(tmp_path):
    done = command("create", "--scope", "steward", "--scope", "operator", "--days", 3, "--data", tmp_path)
    (token,) = tokens(tmp_path)
    assert digest(done.stdout.strip()) == token.hash
    assert token.scopes == ("steward", "operator")
    assert token.id in done.stderr
    shown = command("list", "--data", tmp_path).stdout
    assert token.id in shown
    assert done.stdout.strip() not in shown
    assert token.id in command("revoke", token.id, "--data", tmp_path).stdout
    assert "no tokens" in command("list", "--data", tmp_path).stdout


def test_a_scope_that_there_is_not_is_refused(tmp_path):
    done = CliRunner().invoke(app, ["token", "create", "--scope", "root", "--data", str(tmp_path)])
    assert done.exit_code == 2
    assert tokens(tmp_path) == []

"""The command line: its exit codes, its sentences, and that facts alone are on stdout."""

import json
import subprocess
import sys

import click
import kombu.exceptions
import psycopg
import pytest
import redis
import sqlalchemy.exc

from shared import console
from shared.errors import RefusedError, SettingsError, UnavailableError
from workers.cli import baton, main


def _run_raising(error: BaseException) -> int:
    """Run a command that raises, and return the exit code."""

    @click.command("raising")
    def raising() -> None:
        raise error

    return main(["raising"], click.Group(commands=[raising]))


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (RefusedError("no rep is left"), 1, "Error: no rep is left\n"),
        (SettingsError("BATON_X is not a setting"), 2, "Error: BATON_X is not a setting\n"),
        (UnavailableError("Redis is away"), 69, "Error: Redis is away\n"),
        (psycopg.OperationalError("connection refused\nmore"), 69, "Error: PostgreSQL cannot be used: connection ref"),
        (redis.ConnectionError("Error 111"), 69, "Error: Redis cannot be used: Error 111; `baton doctor` looks"),
        (redis.TimeoutError("too late"), 69, "Error: Redis cannot be used: too late"),
        (kombu.exceptions.OperationalError("gone"), 69, "Error: Redis cannot be used: gone"),
        (
            sqlalchemy.exc.OperationalError("SELECT 1", {}, psycopg.OperationalError("gone")),
            69,
            "Error: PostgreSQL cannot be used: gone",
        ),
        (click.UsageError("no such option"), 2, "no such option"),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
    ],
)
def test_every_error_has_its_code_and_its_sentence(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, sentence: str
) -> None:
    """Nothing is on stdout, nothing looks like a traceback."""
    assert _run_raising(error) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("debug", "shows"), [("", False), ("true", True)])
def test_a_bug_is_a_sentence_until_somebody_looks_for_it(debug: str, *, shows: bool) -> None:
    """Only BATON_DEBUG shows a traceback."""
    code = (
        "import sys, click; from workers.cli import main\n"
        "@click.command('buggy')\n"
        "def buggy(): {}['lead']\n"
        "sys.exit(main(['buggy'], click.Group(commands=[buggy])))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], env={"BATON_DEBUG": debug}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert ("Traceback" in done.stderr) is shows
    assert ("Error: this should not happen (KeyError: 'lead')" in done.stderr) is not shows


def test_a_reader_who_has_had_enough_is_no_error() -> None:
    """`baton … | head` must not end in a traceback."""
    code = "import sys; from workers.cli import main; sys.exit(main(['--help']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()

    assert "Traceback" not in errors


def test_every_command_explains_itself() -> None:
    """Each has one sentence for the list of commands."""
    context = click.Context(baton)
    commands = [baton.get_command(context, name) for name in baton.list_commands(context)]

    assert {"up", "down", "status", "migrate", "doctor", "worker", "intake", "keeper", "exporter"} <= {
        command.name for command in commands if command is not None
    }
    assert all(command is not None and command.get_short_help_str(200).endswith(".") for command in commands)


def test_json_is_one_document_with_every_kind_of_value(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Sets, paths and decimals come from the domain; none of them may break the answer."""
    console.print_records([{"who": frozenset({"b", "a"}), "when": None, "n": 3}], as_json=True)

    assert json.loads(capsysbinary.readouterr().out) == [{"who": ["a", "b"], "when": None, "n": 3}]


def test_a_table_shows_what_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets in a name are no markup, and a long value is not cut off."""
    console.print_records([{"lead_id": 7, "name": "[red]Ana " + "x" * 100}], as_json=False)

    out = capsys.readouterr().out
    assert "lead id" in out
    assert "[red]Ana " + "x" * 100 in out


def test_no_records_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty table would leave a person in doubt."""
    console.print_records([], as_json=False, none="No lead waits.")

    assert capsys.readouterr().out == "No lead waits.\n"


def test_a_bar_is_drawn_on_a_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    """A log file gets no bars."""
    with console.progress("publishing", total=10) as advance:
        advance(10)

    assert capsys.readouterr() == ("", "")

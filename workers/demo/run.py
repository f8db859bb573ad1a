"""The demonstration from beginning to end: a system of its own, the commands a person would type, and the report."""

import contextlib
import shlex
import signal
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import note, say
from shared.db.transaction import transaction
from shared.settings import Settings
from workers.demo.answers import let_reps_answer
from workers.demo.clock_story import tell_story
from workers.demo.crm import DATA
from workers.demo.generate import make_scenario
from workers.demo.place import demo_place
from workers.demo.queries import find_example
from workers.demo.report import show_next, show_report
from workers.demo.watch import Outcome, publish_and_watch
from workers.processes.system import running_system


def run(settings: Settings, *, leads: int, keep: bool) -> int:
    """Run the demonstration and return its exit code: 0 when every lead came to rest and the audit is clean."""
    # As Ctrl-C does: leave every block from wherever we are, so that all that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with demo_place(settings) as place:
        scenario = make_scenario(leads, datetime.now(UTC))
        files = scenario.write(place.home / "data")
        with running_system(place, before=lambda _complete: _load(files), tell=note):
            with open_context(place) as context:
                note(f"publishing {len(scenario.events)} events ({_short(files['events'])})")
                code = _explain(context, publish_and_watch(context, scenario.events))
            show_next(_short(Path(sys.executable).with_name("baton")), _prefix(settings, place))
            if keep:
                _wait_for_the_end()
    return code


def _load(files: Mapping[str, Path]) -> None:
    """Tell the system what a company tells it once, by the commands that people type."""
    say()
    for kind in ("reps", "absences", "accounts", "opportunities"):
        _baton("sync", kind, _short(files[kind]))
    _baton("policy", "activate", _short(DATA / "policy.yaml"))


def _explain(context: Context, outcome: Outcome) -> int:
    with transaction(context.engine) as tx:
        show_report(tx, outcome)
        example = find_example(tx)
    if example is not None:
        _baton("lead", "show", str(example))
    story = tell_story(context, _baton)
    answered = let_reps_answer(context)
    _baton("report", "handoff", "--brief", "--html", _short(context.settings.home / "handoff.html"))
    is_clean = _baton("audit") == 0 and story.claimed and answered
    say()
    if not outcome.is_at_rest:
        unread = outcome.published - outcome.standing.read
        say(f"Not every lead came to rest: {unread} events are unread, {outcome.standing.moving} leads are under way.")
    say("All leads rest, and all laws are kept." if outcome.is_at_rest and is_clean else "This demonstration failed.")
    return 0 if outcome.is_at_rest and is_clean else 1


def _baton(*arguments: str | int) -> int:
    """Run a command of ours in this process, as if it had been typed, and return its exit code."""
    say()
    words = [str(one) for one in arguments]
    say(f"$ baton {shlex.join(words)}")
    root = click.get_current_context().find_root().command
    result = root.main(words, prog_name="baton", standalone_mode=False)
    return result if isinstance(result, int) else 0


def _wait_for_the_end() -> None:
    note("The system stays up; Ctrl-C stops it.")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)


def _prefix(settings: Settings, place: Settings) -> list[str]:
    """Return what stands before a command so that it finds the data of this demonstration again."""
    return [] if settings.database_url and settings.redis_url else [f"BATON_HOME={_short(place.home)}"]


def _short(path: Path) -> str:
    """Return the path as a person in this folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

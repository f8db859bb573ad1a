"""`baton reassign apply|pause|resume|cancel|undo|status`: what a plan is told, and how far it is."""

import time

import click

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import (
    by_option,
    json_option,
    note,
    print_json,
    print_records,
    print_table,
    progress,
    say,
    with_settings,
)
from shared.db.transaction import transaction
from shared.settings import Settings
from workers.reassignment.cli.text import headline, plan_document, print_plan_terms
from workers.reassignment.control import Said, say_to_plan
from workers.reassignment.policy.order import PlanState
from workers.reassignment.policy.states import Word
from workers.reassignment.view import PlanPage, list_pages, load_progress, plan_page, unmoved

#: Often enough for a bar that moves, and two statements a second more for the database.
LOOK_SECONDS = 0.5
#: After so long without a lead moving a person wants to know that nobody is at work.
IDLE_SECONDS = 15.0

_RUNNING = frozenset({PlanState.APPLYING, PlanState.UNDOING})

_plan_argument = click.argument("plan_id", type=click.IntRange(1))
_rate_option = click.option("--rate", type=click.FloatRange(0, min_open=True), help="Leads per second at most.")
_yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
_detach_option = click.option("--detach", is_flag=True, help="Return at once; `status` says how far it is.")


def _running(word: Word, text: str) -> click.Command:
    """Make a command that sets leads moving: it asks with their number, and shows progress until the plan rests."""

    @click.command(name=str(word), help=text)
    @_plan_argument
    @_rate_option
    @_yes_option
    @_detach_option
    @by_option
    @json_option
    @with_settings
    def run(
        settings: Settings, plan_id: int, rate: float | None, made_by: str, *, yes: bool, detach: bool, as_json: bool
    ) -> None:
        with open_context(settings) as context:
            question = _question(word, _progress(context, plan_id))
            if question and not yes:
                click.confirm(question, abort=True, err=True)
            say_to_plan(context, plan_id, Said(word, made_by, rate))
            _follow(context, plan_id, detach=detach, as_json=as_json)

    return run


def _question(word: Word, page: PlanPage) -> str | None:
    """Return what to ask before leads move; None where nothing would move that does not move already."""
    if word is Word.APPLY and page.state is PlanState.PLANNED:
        return f"{headline(page)} To {page.target}, clock {page.clock}. Move {page.pending} leads?"
    if word is Word.UNDO and page.state is not PlanState.UNDOING and page.moved:
        return f"{headline(page)} Bring {page.moved} leads back?"
    return None


apply = _running(Word.APPLY, "Move the leads of a plan; the workers go on when this command ends.")
undo = _running(Word.UNDO, "Bring every lead that nobody touched back to its former owner, with the clock it had.")


def _follow(context: Context, plan_id: int, *, detach: bool, as_json: bool) -> None:
    """Show progress until the plan rests, and say how it ended."""
    if not detach:
        _watch(context, plan_id)
    with transaction(context.engine) as tx:
        page, listed = plan_page(tx, plan_id), unmoved(tx, plan_id)
    if as_json:
        print_json(plan_document(page, listed))
        return
    say(headline(page))
    if page.reasons and not detach:
        lines = [(one.state, one.leads, one.words, ", ".join(map(str, one.lead_ids))) for one in page.reasons]
        print_table(["", "leads", "why", "the first"], lines)


def _watch(context: Context, plan_id: int) -> None:
    with progress("Moving") as bar:
        page = _progress(context, plan_id)
        bar.begin(page.leads - page.blocked)
        shown = _dealt(page)
        bar(shown)
        moved_at, is_told = time.monotonic(), False
        while page.state in _RUNNING:
            time.sleep(LOOK_SECONDS)
            page = _progress(context, plan_id)
            if _dealt(page) != shown:
                moved_at, is_told = time.monotonic(), False
            elif time.monotonic() - moved_at > IDLE_SECONDS and not is_told and page.rate is None:
                is_told = True
                note("Nothing has moved for a while: is `baton worker reassignment` running? `baton status` says.")
            bar(_dealt(page) - shown)
            shown = _dealt(page)


def _progress(context: Context, plan_id: int) -> PlanPage:
    with transaction(context.engine) as tx:
        return load_progress(tx, plan_id)


def _dealt(page: PlanPage) -> int:
    """Return how many leads are dealt with, on the way that the plan goes."""
    if page.state in {PlanState.UNDOING, PlanState.UNDONE}:
        return page.undone + page.kept
    return page.moved + page.skipped


def _telling(word: Word, text: str) -> click.Command:
    @click.command(name=str(word), help=text)
    @_plan_argument
    @by_option
    @json_option
    @with_settings
    def tell(settings: Settings, plan_id: int, made_by: str, *, as_json: bool) -> None:
        with open_context(settings) as context:
            say_to_plan(context, plan_id, Said(word, made_by))
            page = _progress(context, plan_id)
        if as_json:
            print_json(plan_document(page))
        else:
            say(headline(page))

    return tell


pause = _telling(Word.PAUSE, "Let a plan rest after the batch in hand.")
resume = _telling(Word.RESUME, "Let a plan that rests go on, the way it went.")
cancel = _telling(Word.CANCEL, "Leave what has not moved where it is, for good; `undo` brings back what has.")


@click.command()
@click.argument("plan_id", type=click.IntRange(1), required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many plans to list.")
@json_option
@with_settings
def status(settings: Settings, plan_id: int | None, limit: int, *, as_json: bool) -> None:
    """Say how far a plan is, or list the newest plans."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        pages = [load_progress(tx, plan_id)] if plan_id else list_pages(tx, limit)
    if as_json:
        documents = [plan_document(page) for page in pages]
        print_json(documents[0] if plan_id else documents)
    elif plan_id:
        say(headline(pages[0]))
        print_plan_terms(pages[0])
    else:
        print_records([_line(page) for page in pages], as_json=False, none="No plan was ever made.")


def _line(page: PlanPage) -> dict[str, object]:
    return {
        "plan": page.plan_id,
        "state": f"{page.state}{' (expired)' if page.expired and page.state is PlanState.PLANNED else ''}",
        "about": page.scope["kind"],
        "to": page.target,
        "pending": page.pending,
        "moved": page.moved,
        "skipped": page.skipped,
        "blocked": page.blocked,
        "undone": page.undone,
        "kept": page.kept,
        "made (UTC)": f"{page.made_at:%Y-%m-%d %H:%M}",
        "by": page.made_by,
    }

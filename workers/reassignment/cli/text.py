"""A plan on a terminal, and in a file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shared.console import print_table, say
from shared.spreadsheet import writing
from workers.reassignment.policy.order import PlanState
from workers.reassignment.view import PlanPage

#: Lines of a table that a person still reads; the file has all.
_MOST = 20
_COLUMNS = (
    *("lead_id", "email", "company", "state", "reason"),
    *("from_status", "from_owner", "to_owner", "pool", "rule", "settled_at"),
)


def plan_document(page: PlanPage, listed: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return a plan as programs read it: the terms, the tallies, `matrix`, `load`, and the leads that did not move.

    `count` is how many leads the plan moves or has dealt with; `listed` are leads with their state and reason.
    """
    document = {name: getattr(page, name) for name in page.__dataclass_fields__ if name not in {"ways", "loads"}}
    matrix = [{"from": one.from_owner, "to": one.to_owner, "leads": one.leads} for one in page.ways]
    return document | {
        "count": page.leads - page.blocked,
        "matrix": matrix,
        "load": page.loads,
        "listed": [
            {name: one[name] for name in ("lead_id", "state", "reason", "from_owner", "to_owner")} for one in listed
        ],
    }


def print_plan(page: PlanPage) -> None:
    """Print a plan for somebody who is to say yes or no."""
    say(headline(page))
    print_plan_terms(page)
    if page.ways:
        ways = [(one.from_owner, one.to_owner, one.leads) for one in page.ways[:_MOST]]
        print_table(["from", "to", "leads"], ways, _title("From whom to whom", len(page.ways)))
    if page.loads:
        loads = sorted(page.loads, key=lambda one: -abs(one.change))
        rows = [(one.rep_id, one.before, f"{one.change:+d}", one.after, one.capacity) for one in loads[:_MOST]]
        print_table(["rep", "holds before", "change", "after", "may hold"], rows, _title("Load per rep", len(loads)))
    if page.reasons:
        lines = [(one.state, one.leads, one.words, ", ".join(map(str, one.lead_ids))) for one in page.reasons[:_MOST]]
        print_table(["", "leads", "why", "the first"], lines, _title("What does not move", len(page.reasons)))


def _title(text: str, lines: int) -> str:
    return text if lines <= _MOST else f"{text} (the first {_MOST} of {lines}; --csv has all)"


def headline(page: PlanPage) -> str:
    """Say in a sentence how far the plan is."""
    counts = {
        PlanState.PLANNED: f"{_leads(page.pending)} to move",
        PlanState.UNDOING: f"{page.undone} of {_leads(page.undone + page.kept + page.moved)} are back",
        PlanState.UNDONE: f"{_leads(page.undone)} went back, {page.kept} stayed",
    }
    usual = f"{page.moved} of {_leads(page.moved + page.skipped + page.pending)} moved, {page.skipped} skipped"
    return f"Plan {page.plan_id} is {page.state}: {counts.get(page.state, usual)}."


def _leads(count: int) -> str:
    return f"{count} lead{'' if count == 1 else 's'}"


def print_plan_terms(page: PlanPage) -> None:
    """Print what the plan is about and on which terms."""
    scope = ", ".join(_scope_words(name, value) for name, value in page.scope.items() if name in _SCOPE_WORDS)
    say(f"  scope   {scope or 'every lead'}; {', '.join(page.scope['statuses'])}")
    say(f"  to      {page.target}; clock {page.clock}, accepted leads {page.accepted}; policy {page.policy_version}")
    say(f"  made    {page.made_at:%Y-%m-%d %H:%M} UTC by {page.made_by}{f': {page.note}' if page.note else ''}")
    if page.unchanged:
        say(f"  {_leads(page.unchanged)} of the scope are where they belong and stay there.")
    if page.blocked:
        say(f"  {_leads(page.blocked)} cannot move; the table says why.")


_SCOPE_WORDS = {
    "rep": "leads of rep {}",
    "team": "leads of team {}",
    "territory": "territory {}",
    "rule": "rule {}",
    "created_before": "received before {}",
    "older_than_seconds": "received more than {:.0f} s ago",
    "leads": "{} named leads",
    "difference": "what policy version {1} changes",
    "cap": "at most {} per rep",
}


def _scope_words(name: str, value: Any) -> str:
    """Say one part of a scope in words; a difference has two versions, the first of which may be any."""
    if name == "difference" and value[0]:
        return f"what differs between policy versions {value[0]} and {value[1]}"
    return _SCOPE_WORDS[name].format(*value) if isinstance(value, list) else _SCOPE_WORDS[name].format(value)


def write_csv(file: str, moves: Iterable[Mapping[str, Any]]) -> int:
    """Write the leads of a plan to a file and return how many they are."""
    count = 0
    with writing(Path(file), _COLUMNS) as write:
        for count, one in enumerate(moves, start=1):  # noqa: B007  it is what is returned
            write([one[name] for name in _COLUMNS])
    return count

"""The parts of a policy in words, short enough for a table: one spelling for diffs, pages and reports."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import groupby

from shared.domain.calendar import Span
from shared.domain.duration import format_duration
from shared.domain.rep import Members
from shared.policy.document import FirstAction, Ladders, OutsideWord, Step, StepAction, WordTest
from shared.policy.scalars import Rate

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def share_words(share: float | None) -> str:
    """Write a share as a percentage; blank for none."""
    return "" if share is None else f"{share * 100:.4g}%"


def span_words(duration: timedelta | None) -> str:
    """Write a duration as policies do; blank for none."""
    return "" if duration is None else format_duration(duration)


def rate_words(rate: Rate | None) -> str:
    """Write a rate as policies do; blank for none."""
    return "" if rate is None else f"{rate.count} per {format_duration(rate.per)}"


def member_words(members: Members) -> dict[str, tuple[str, ...]]:
    """Return the selectors that are given, each with its words."""
    given = {
        "reps": members.reps,
        "team": members.teams,
        "segment": members.segments,
        "skill": members.skills,
        "language": members.languages,
        "at least": (str(members.at_least),) if members.at_least else (),
    }
    return {name: words for name, words in given.items() if words}


def action_words(action: FirstAction | None) -> str:
    """Say what is expected of the owner first; blank for nothing."""
    if action is None:
        return ""
    return f"{action.task} within {format_duration(action.within)}" if action.within else action.task


def step_words(step: Step) -> str:
    """Say what one step of a ladder does, and when."""
    target = f" {step.to}" if step.to else ""
    told = f", tell {step.notify}" if step.notify else ""
    logged = f", log {step.log}" if step.log else ""
    return f"after {format_duration(step.after)}: {_ACTIONS[step.do]}{target}{told}{logged}"


_ACTIONS: Mapping[StepAction, str] = {
    StepAction.REMIND: "remind",
    StepAction.FLAG_OVERDUE: "mark overdue",
    StepAction.MOVE_TO: "move to",
}


def ladder_words(ladders: Ladders) -> dict[str, str | tuple[str, ...]]:
    """Return what is promised: the steps until acceptance and until the first touch, or why nothing is."""
    return {
        "until accepted": tuple(step_words(step) for step in ladders.accept),
        "until the first touch": tuple(step_words(step) for step in ladders.first_touch),
        "hours that count": ladders.clock,
        "nothing is promised": ladders.none or "",
    }


def recognition_words(test: WordTest) -> str:
    """Say how the words of an attribute are recognised."""
    parts = {
        "contains": test.contains,
        "starts with": test.starts_with,
        "ends with": test.ends_with,
        "equals": test.equals,
    }
    return "; ".join(f"{name} {', '.join(words)}" for name, words in parts.items() if words)


def outside_words(unknown: OutsideWord) -> str:
    """Say what a word that an attribute does not know counts as."""
    return "holds the lead" if unknown is OutsideWord.HOLD else "counts as unknown"


def hours_words(spans: Iterable[Span]) -> str:
    """Write the open hours of one day."""
    return ", ".join(f"{_clock(one.start)}-{_clock(one.end)}" for one in spans) or "closed"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"


def week_words(hours: Mapping[int, tuple[Span, ...]]) -> tuple[str, ...]:
    """Write a week, days with the same hours together: `mon-fri 09:00-17:00`; closed days are left out."""
    days = [(day, hours_words(hours.get(day, ()))) for day in range(7)]
    lines = []
    for words, run in groupby(days, key=lambda one: one[1]):
        names = [_DAYS[day] for day, _ in run]
        if words != "closed":
            lines.append(f"{names[0] if len(names) == 1 else f'{names[0]}-{names[-1]}'} {words}")
    return tuple(lines)

"""The parts of a policy in words, short enough for a table: one spelling for diffs, pages and reports."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

from shared.domain.calendar import Span
from shared.domain.duration import format_duration
from shared.domain.rep import Members
from shared.domain.target import Target, TargetKind
from shared.policy.condition import ALWAYS, All, AnyOf, Condition, FieldTest, Not, Op
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


def target_parts(target: Target) -> tuple[str, str]:
    """Say where a target sends a lead: in words, and the name behind them, blank where the words say it all."""
    fixed = {
        "owner:opportunity": "the owner of the open opportunity",
        "owner:account": "the owner of the account",
        "team:account_owner": "the least loaded of the account owner's team",
        "suppress": "nobody, for good",
        "keep_owner": "whoever holds it",
        "merge": "the lead that it repeats",
    }
    kinds = {
        TargetKind.REP: "rep",
        TargetKind.POOL: "pool",
        TargetKind.QUEUE: "queue",
        TargetKind.DIVERT: "out of sales, to queue",
        TargetKind.NURTURE: "track",
    }
    words = fixed.get(str(target))
    return (words, "") if words else (kinds[target.kind], target.name)


def target_words(target: Target) -> str:
    """Say where a target sends a lead, in one line."""
    return " ".join(target_parts(target)).strip()


def condition_words(condition: Condition) -> str:
    """Write a condition as a sentence would; `every lead` where nothing is asked."""
    if condition == ALWAYS:
        return "every lead"
    if isinstance(condition, FieldTest):
        return _test(condition)
    if isinstance(condition, Not):
        return f"not ({condition_words(condition.part)})"
    joiner = " and " if isinstance(condition, All) else " or "
    parts = [
        f"({condition_words(one)})" if isinstance(one, All | AnyOf) else condition_words(one) for one in condition.parts
    ]
    return joiner.join(parts) or "no lead"


#: What is said of a flag that is up, and of one that is down.
_FLAGS: Mapping[str, tuple[str, str]] = {
    "has_open_opportunity": ("the account has an open opportunity", "the account has no open opportunity"),
    "named_account": ("the account is a named one", "the account is not a named one"),
    "hand_raise": ("a hand was raised", "no hand was raised"),
}

_COMPARED: Mapping[Op, str] = {Op.GTE: "at least", Op.GT: "more than", Op.LTE: "at most", Op.LT: "less than"}


def _test(test: FieldTest) -> str:
    if test.op is Op.IN and test.field in _FLAGS and len(test.values) == 1:
        return _FLAGS[test.field][0 if test.values[0] else 1]
    name = test.field.replace("_", " ")
    if test.op is Op.KNOWN:
        return f"{name} is {'known' if test.values[0] else 'not known'}"
    if test.op in _COMPARED:
        return f"{name} is {_COMPARED[test.op]} {test.values[0]}"
    words = _either([str(value).lower() if isinstance(value, bool) else str(value) for value in test.values])
    verb = {Op.IN: "is", Op.NOT_IN: "is known and not", Op.STARTS_WITH: "begins with"}[test.op]
    return f"{name} {verb} {words}"


def _either(words: Sequence[str]) -> str:
    """Join alternatives: `a`, `a or b`, `a, b or c`."""
    if not words:
        return "anything of an empty list"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"

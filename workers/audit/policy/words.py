"""The figures of the hand-off in words: values, what they rest on, and what groups are called; pure."""

import re

from workers.audit.policy.measures import Measure

#: `held: unknown:product,employees` is read as a list.
_JOINT = re.compile(r"(?<=\S)([:,])(?=\S)")
_SECONDS = {"minutes": 60, "days": 86_400}


def words_of(measure: Measure) -> str:
    """Return the value as people read it."""
    if measure.value is None:
        return "nothing to measure"
    match measure.unit:
        case "share":
            return f"{measure.value:.1%}"
        case "leads":
            return f"{measure.value:,.0f}"
        case "money":
            return f"{measure.value:,.0f}"
        case "minutes" | "days":
            return _span(measure.value * _SECONDS[measure.unit])
        case _:
            return f"{measure.value:,.1f} {measure.unit}"


def _span(seconds: float) -> str:
    """Return a time in the unit in which its size is seen: response times are told in minutes up to two hours."""
    for unit, size, below in (("s", 1, 60), ("minutes", 60, 7_200), ("hours", 3_600, 172_800)):
        if seconds < below:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds / 86_400:,.1f} days"


def behind(measure: Measure) -> str:
    """Return on how many leads a value rests; nothing for what is counted itself or could not be measured."""
    if measure.value is None or measure.unit == "leads":
        return ""
    return f"of {measure.n:,}" if measure.unit == "share" else f"n {measure.n:,}"


def with_n(measure: Measure | None) -> str:
    """Return a value with what it rests on and its note; nothing where there is nothing to measure."""
    if measure is None or measure.value is None:
        return ""
    words = f"{words_of(measure)} {behind(measure)}" if measure.unit == "share" else words_of(measure)
    rests = "" if measure.unit == "share" else behind(measure)
    return ", ".join(filter(None, (words, rests, measure.note)))


def group_words(group: str) -> str:
    """Return the name of a group as a person would write it."""
    return _JOINT.sub(r"\1 ", group).replace("_", " ") if ":" in group else group

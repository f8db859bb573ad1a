"""What happens if no one picks a lead up: every route has an answer, and more interest never waits longer."""

from collections.abc import Iterator
from datetime import timedelta

from shared.policy.condition import ALWAYS
from shared.policy.document import Ladders, PolicyDocument, StepAction
from shared.policy.errors import Finding, warning
from shared.policy.evaluate import compile_condition


def check_promises(document: PolicyDocument) -> Iterator[Finding]:
    """Ladders that are missing or lead nowhere, and lower interest that is served earlier."""
    for entry in document.sla:
        ladders = entry.ladders
        if ladders.none is None and not _answers(ladders):
            message = "these leads have no answer to nobody picking them up"
            mend = 'add a step that flags or moves, or say why not: none: "…"'
            yield warning("sla.answer", message, entry.line, mend)
        if ladders.none is not None and ladders.accept:
            message = "this entry promises nothing, and has steps all the same"
            yield warning("sla.answer", message, entry.line, "remove `none` or the steps")
    if not any(entry.when == ALWAYS for entry in document.sla):
        message = "a lead that meets no entry of the sla has no clock"
        line = document.sla[-1].line if document.sla else 0
        yield warning("sla.catch_all", message, line, "end the sla with an entry `when: {}`")
    yield from _faster_for_less(document)


def _answers(ladders: Ladders) -> bool:
    """Say whether somebody hears of a lead that its owner leaves lying."""
    return any(step.do is not StepAction.REMIND for step in ladders.accept)


def _faster_for_less(document: PolicyDocument) -> Iterator[Finding]:
    """Compare the first steps of lead types by their points."""
    if document.qualification is None:
        return
    points = document.qualification.intent.lead_type
    firsts = {word: first for word in points if (first := _first_step(word, document)) is not None}
    for low, early in firsts.items():
        slower = [word for word, late in firsts.items() if points[word] > points[low] and early < late]
        if slower:
            high = max(slower, key=lambda word: points[word])
            message = (
                f"`{low}` ({points[low]} points) has its first step after {_minutes(early)}, "
                f"`{high}` ({points[high]} points) only after {_minutes(firsts[high])}"
            )
            mend = "let more interest be answered first"
            yield warning("sla.intent_order", message, _line_of(low, document), mend, {"lead_type": low})


def _first_step(lead_type: str, document: PolicyDocument) -> timedelta | None:
    """When the first step for a lead of this type comes, if it is promised any."""
    for entry in document.sla:
        if compile_condition(entry.when)({"lead_type": lead_type}, ()):
            return entry.ladders.accept[0].after if entry.ladders.accept else None
    return None


def _line_of(lead_type: str, document: PolicyDocument) -> int:
    """The line of the entry that a lead of this type meets."""
    return next(
        (entry.line for entry in document.sla if compile_condition(entry.when)({"lead_type": lead_type}, ())), 0
    )


def _minutes(duration: timedelta) -> str:
    """Write a duration in minutes."""
    return f"{duration.total_seconds() / 60:g} min"

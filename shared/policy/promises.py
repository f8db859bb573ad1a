"""The sections that promise: ladders of the clock, alerts, absences, tracks and the reasons to give a lead back."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

from shared.policy import document as doc
from shared.policy.condition import CONDITION, Condition
from shared.policy.scalars import DURATION, TARGET, Label, OneOf, Word
from shared.policy.sections import TEXT, WORDS, one_of, required
from shared.policy.shape import Checked, Key, ListOf, Record

# --- ladders, priority, departures ---------------------------------------------------------------------------------

# Whom a step tells when the document does not say.
_DEFAULT_NOTIFY: Final = {doc.StepAction.REMIND: "owner", doc.StepAction.FLAG_OVERDUE: "manager"}


def _step(**given: Any) -> doc.Step:
    """Fill in whom the step tells."""
    return doc.Step(**{"notify": _DEFAULT_NOTIFY.get(given["do"]), **given})


def _moves_somewhere(step: doc.Step) -> tuple[str, str] | None:
    """A move has a target, and nothing else has."""
    if (step.do is doc.StepAction.MOVE_TO) == (step.to is not None):
        return None
    if step.to is None:
        return "a step that moves must say where", "add `to: queue:NAME`"
    return f"a step that does `{step.do}` moves nothing", "remove `to`, or write `do: move_to`"


def _in_order(steps: tuple[doc.Step, ...]) -> tuple[str, str] | None:
    """Steps come in the order of their time."""
    if all(before.after <= after.after for before, after in pairwise(steps)):
        return None
    return "the steps are not in the order of `after`", "put the earliest first"


_STEP: Final[Checked[doc.Step]] = Checked(
    Record(
        _step,
        "the step",
        {
            "after": required(DURATION),
            "do": required(one_of(doc.StepAction, "what a step does")),
            "notify": Key(Word("a recipient")),
            "to": Key(TARGET),
            "log": Key(TEXT),
        },
    ),
    _moves_somewhere,
    "step.target",
)
_LADDER: Final = Checked(ListOf(_STEP, "a ladder"), _in_order, "ladder.order")


def _sla(line: int, when: Condition | None = None, **given: Any) -> doc.SlaEntry:
    """Put the ladders together."""
    ladders = doc.Ladders(**given)
    return doc.SlaEntry(ladders, line=line) if when is None else doc.SlaEntry(ladders, when, line)


SLA: Final[ListOf[doc.SlaEntry]] = ListOf(
    Record(
        _sla,
        "the promise",
        {
            "when": Key(CONDITION),
            "clock": Key(Label("a clock")),
            "accept": Key(_LADDER),
            "first_touch": Key(_LADDER),
            "none": Key(TEXT),
        },
        placed=True,
    ),
    "sla",
)

PRIORITY: Final[ListOf[doc.PriorityEntry]] = ListOf(
    Record(
        doc.PriorityEntry,
        "the priority",
        {"when": Key(CONDITION), "notify": required(Word("a recipient"))},
        placed=True,
    ),
    "priority",
)


def departure(usual: doc.Departure, what: str, words: tuple[doc.OnAbsence, ...]) -> Record[doc.Departure]:
    """The shape of on_away and on_departed, with what is usual for what is not said."""
    word = OneOf([str(one) for one in words], doc.OnAbsence, "what happens to the lead")
    make: Callable[..., doc.Departure] = lambda **given: doc.Departure(  # noqa: E731 - a shape takes a function
        **{"offered": usual.offered, "accepted": usual.accepted, **given}
    )
    return Record(make, what, {"offered": Key(word), "accepted": Key(word)})


# --- tracks and recycle reasons ------------------------------------------------------------------------------------

TRACK: Final[Record[doc.Track]] = Record(
    doc.Track,
    "the track",
    {"send": Key(TEXT), "wakes_on": Key(WORDS), "alert_on": Key(WORDS)},
    named=True,
    placed=True,
)

RECYCLE_REASON: Final[Record[doc.RecycleReason]] = Record(
    doc.RecycleReason,
    "the reason",
    {"to": required(TARGET), "after": Key(DURATION), "wakes_on": Key(WORDS), "insight": Key(TEXT)},
    named=True,
    placed=True,
)

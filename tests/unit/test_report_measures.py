"""The measures that judge: whose meeting rate is materially lower, and on what."""

from typing import Any

from shared.policy.document import Commitments
from workers.audit.policy.measures import Loaded, measure_all

_COUNTS = (
    "delivered",
    "qualified",
    "assigned",
    "assigned_in_5",
    "accepted",
    "touched",
    "worked",
    "meetings",
    "converted",
    "revenue",
    "complete",
    "touched_in_10",
    "touched_in_15",
    "qualified_worked",
    "qualified_accepted",
    "accepted_touched",
    "accepted_converted",
    "accepted_in_time",
    "touched_in_time",
)
_TIMES = ("assign_minutes", "accept_minutes", "touch_minutes", "convert_days")


def _cell(kind: str, name: str, lead_type: str | None = None, **counts: float) -> dict[str, Any]:
    nothing = {**dict.fromkeys(_COUNTS, 0), **dict.fromkeys(_TIMES)}
    return {"kind": kind, "name": name, "lead_type": lead_type, **nothing, **counts}


def _loaded(*cells: dict[str, Any]) -> Loaded:
    apart = dict.fromkeys(
        (
            "assigned",
            "reassigned",
            "moved_by_hand",
            "recycled",
            "with_reason",
            "no_owner",
            "closed_lost",
            "known_deals",
        ),
        0,
    )
    return Loaded(30, (_cell("all", "all", delivered=60, worked=60), *cells), (), (), (), apart)


def _flagged(loaded: Loaded) -> list[tuple[str, float | None, int]]:
    return [(one.of, one.value, one.n) for one in measure_all(loaded, Commitments()) if one.requirement == "R110"]


def test_a_materially_lower_meeting_rate_on_the_same_type_is_flagged() -> None:
    """2 of 20 demos against 20 of 40 of the others is no chance; another type of lead excuses nothing."""
    demos = [
        _cell("rep and lead type", "ann", "demo", worked=20, meetings=2),
        _cell("rep and lead type", "bob", "demo", worked=40, meetings=20),
        _cell("rep and lead type", "cem", "download", worked=40, meetings=0),
    ]

    assert _flagged(_loaded(*demos)) == [("ann, demo", 0.1, 20)]


def test_five_minutes_are_compared_with_an_hour() -> None:
    """Half of the first band against an eighth of the third is four times, in the order of the minutes."""
    bands = [
        _cell("band", "30 to 60 min", delivered=8, converted=1),
        _cell("band", "0 to 5 min", delivered=4, converted=2),
    ]

    found = [one for one in measure_all(_loaded(*bands), Commitments()) if one.requirement in {"R120", "R121"}]

    assert [(one.of, one.value) for one in found] == [("0 to 5 min", 0.5), ("30 to 60 min", 0.125), ("all", 4)]


def test_no_leads_have_no_measures() -> None:
    """Nothing is not reported as zeros."""
    assert measure_all(Loaded(30, (_cell("all", "all"),), (), (), (), {}), Commitments()) == []

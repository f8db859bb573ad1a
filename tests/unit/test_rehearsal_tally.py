"""What a rehearsal adds up: owners, queues, shares and clocks, and what was expected of named leads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from shared.custody.clock import Clocks
from shared.domain.lead import Status
from shared.errors import InputFileError
from shared.policy.compile import compile_policy
from shared.policy.parse import parse_policy
from shared.routing.policy.case import Case, Directive
from shared.routing.policy.past import Past, Verdict
from shared.routing.policy.rehearse import Rehearsed, change_of
from shared.routing.policy.route import route_one
from workers.assignment.policy.expectation import Expectation, Expectations, read_expectations
from workers.assignment.policy.shares import pool_load
from workers.assignment.policy.tally import Promise, Tally

_AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
_UNTIL = _AT + timedelta(days=1)
_POLICY = compile_policy(
    parse_policy(
        """
name: one-hour
owner: ops@here.example
rules: [{name: all, to: pool:west}]
pools: {west: {}}
queues: {exceptions: {owner: ops@here.example}}
sla:
  - {when: {}, accept: [{after: 1h, do: flag_overdue}]}
"""
    )
)
_ANA = Verdict("all", "offered", "pool:west", "ana")
_BEN = Verdict("all", "offered", "pool:west", "ben")
_HELD = Verdict("all", "held", "queue:exceptions", "exceptions", "no_one_available")


def _found(
    was: Verdict, now: Verdict, *, test: bool = False, directive: Directive | None = None, **more: object
) -> Rehearsed:
    case = Case(1, Status.MATCHED, _AT, _AT, {}, test=test, directive=directive)
    past = replace(Past(case, 1, was), **more)  # type: ignore[arg-type]
    return Rehearsed(past, route_one(_POLICY, case), now, change_of(was, now))


def _tally(*found: Rehearsed, promise: Promise | None = None) -> Tally:
    tally = Tally(_UNTIL, {1: "exceptions"}, "exceptions", promise)
    for one in found:
        tally.add(one, _AT)
    return tally


def test_each_lead_counts_once() -> None:
    """Test leads never count, an earlier decision of a lead neither, and a hand-over only as one."""
    result = _tally(
        _found(_ANA, _BEN),
        _found(_ANA, _ANA, test=True),
        _found(_HELD, _ANA, counts=False),
        _found(_ANA, _ANA, counts=False, directive=Directive(())),
    ).result({}, {})

    assert (result.leads, result.hand_overs, result.differs) == (1, 1, 1)
    assert {one.name: (one.before, one.after) for one in result.owners} == {"ana": (1, 0), "ben": (0, 1)}


def test_places_and_queues_are_counted_before_and_after() -> None:
    """Held leads and the last queue have both counts; a lead that goes elsewhere is counted from where to where."""
    result = _tally(_found(_ANA, _HELD), _found(_HELD, _BEN), _found(_HELD, _HELD)).result({}, {})

    assert (result.held.before, result.held.after) == (2, 2)
    assert (result.default_queue.before, result.default_queue.after) == (2, 2)
    assert result.changes == {"none": 1, "rule": 0, "turn": 0, "place": 2}
    assert result.moves == (("pool:west", "queue:exceptions", 1), ("queue:exceptions", "pool:west", 1))


def test_leads_that_move_are_late_as_often_as_their_new_owner_was() -> None:
    """Ben was late with half of his, whoever is not known is as late as all are, and what stays keeps its mark."""
    nobody = replace(_BEN, owner="new")

    result = _tally(
        _found(_BEN, _BEN, overdue=True),
        _found(_BEN, _BEN),
        _found(_ANA, _BEN, overdue=True),
        _found(_ANA, nobody),
    ).result({}, {})

    assert result.breaches.before == 2
    assert result.breaches.expected == 1 + 0.5 + 0.5


def test_another_clock_is_held_against_the_answers_of_the_record() -> None:
    """An hour is promised by the draft: an answer after it, or none until the period ends, would be late."""
    promise = Promise(_POLICY, Clocks({}, {}))

    result = _tally(
        _found(_ANA, _ANA, answered_at=_AT + timedelta(minutes=59)),
        _found(_ANA, _ANA, answered_at=_AT + timedelta(minutes=61)),
        _found(_ANA, _ANA),
        promise=promise,
    ).result({}, {})

    assert (result.breaches.before, result.breaches.expected) == (0, 2.0)


def test_the_worst_off_member_says_how_unfair_a_pool_is() -> None:
    """Shares are held against weights; a pool without weights, or without leads, has no such number."""
    given = {"ana": [6, 2], "ben": [2, 0]}

    found = pool_load(
        "west", given, {"ana": Fraction(1), "ben": Fraction(1)}, {"ana": Fraction(1), "cleo": Fraction(3)}
    )

    assert (found.before, found.after) == (8, 2)
    assert (found.off_before, found.off_after) == (0.25, 0.75)
    assert [(one.rep_id, one.fair_before, one.fair_after) for one in found.members] == [
        ("ana", 4.0, 0.5),
        ("ben", 4.0, 0.0),
        ("cleo", 0.0, 1.5),
    ]
    assert pool_load("west", given, {}, {}).off_before is None


def test_expectations_are_held_against_what_comes_by() -> None:
    """Any of a lead's names will do; each aspect that differs is named, and a lead that never came."""
    expectations = read_expectations(
        [
            (2, {"lead": "Ana@X.example", "owner": "rep:ana", "pool": "pool:west", "rule": "", "status": "offered"}),
            (3, {"lead": "7", "owner": "ben", "rule": "none"}),
            (4, {"lead": "/f:1", "owner": "queue:exceptions", "status": "held"}),
            (5, {"lead": "/f:2"}),
            (6, {"lead": "/f:3", "owner": "ana"}),
        ]
    )

    expectations.hold_against(["7", "ana@x.example"], _ANA, _ANA)
    expectations.hold_against(["8", "/f:1"], _HELD, _ANA)
    expectations.hold_against(["9", "/f:2"], _BEN, _ANA)

    assert [(one.line, one.expected, one.found) for one in expectations.finish()] == [
        (3, "owner ben", "owner ana"),
        (3, "rule none", "rule all"),
        (5, "still offered: ana", "offered: ben"),
        (6, "a lead", "no lead of this name was among them"),
    ]


def test_a_lead_without_aspects_keeps_its_owner() -> None:
    """Another rule to the same owner is no breach."""
    expectations = Expectations.of([Expectation(2, "7")])

    expectations.hold_against(["7"], replace(_ANA, rule="other"), _ANA)

    assert expectations.finish() == ()


def test_a_row_without_a_lead_is_an_error() -> None:
    """It says nothing, and is named by its line."""
    with pytest.raises(InputFileError, match="Line 4 names no lead"):
        read_expectations([(4, {"lead": " ", "owner": "ana"})])

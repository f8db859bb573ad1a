"""What hangs on one rep in a policy."""

from fractions import Fraction

from shared.domain.rep import Rep, RepStatus
from shared.policy.mentions import mentions
from shared.policy.parse import parse_policy

_POLICY = parse_policy(
    """
baton_policy: 1
rules:
  - {name: first, when: {country: DE}, to: pool:both, else: [rep:ana]}
  - {name: last, to: rep:ana, else: [pool:both]}
pools:
  both: {members: {team: West}, overflow: [queue:left]}
  busy: {members: {reps: [ana]}, strategy: least_loaded}
  others: {members: {reps: [bob]}}
queues: {left: {kind: exception}, tank: {kind: claim, members: {reps: [ana]}}, open: {kind: claim}}
"""
)
_ANA, _BOB = Rep("ana", "Ana", team="West", weight=Fraction(3)), Rep("bob", "Bob", team="West")


def test_rules_are_named_with_where_their_leads_go_then() -> None:
    """As first target or as a later one; the rep is left out of the places that remain."""
    found = mentions(_POLICY, {"ana": _ANA, "bob": _BOB}, "ana").rules

    assert [(one.rule, one.then) for one in found] == [
        ("first", ("pool:both", "queue:left")),
        ("last", ("pool:both", "queue:left")),
    ]


def test_pools_and_queues_are_named_with_who_is_left() -> None:
    """By selector and by name; the share is that of weighted pools."""
    found = mentions(_POLICY, {"ana": _ANA, "bob": _BOB}, "ana")

    assert [(one.name, one.named, one.share, one.left, one.is_emptied) for one in found.pools] == [
        ("both", False, 0.75, 1, False),
        ("busy", True, None, 0, True),
    ]
    assert [one.then for one in found.pools] == [("queue:left",), ("queue:left",)]
    assert [(one.name, one.left) for one in found.queues] == [("tank", 0)]


def test_who_has_departed_counts_where_named() -> None:
    """A selector takes nobody who has left; a name in the document stays one."""
    gone = Rep("ana", "Ana", team="West", status=RepStatus.DEPARTED)

    found = mentions(_POLICY, {"ana": gone, "bob": _BOB}, "ana")

    assert [(one.name, one.share) for one in found.pools] == [("busy", None)]
    assert len(found.rules) == 2


def test_nothing_hangs_on_a_stranger() -> None:
    """Who is in no rule, pool or queue is not mentioned."""
    found = mentions(_POLICY, {"ana": _ANA, "bob": _BOB, "cid": Rep("cid", "Cid")}, "cid")

    assert (found.rules, found.pools, found.queues) == ((), (), ())

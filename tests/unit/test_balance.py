"""Shares inside a pool: exact over every span, the same in batches and one by one, and fair to who comes and goes."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.routing.policy.balance import (
    WEIGHT_SCALE,
    Picker,
    PoolState,
    Seat,
    Strategy,
    explain,
    pick,
)

WEIGHTS = st.one_of(
    st.integers(1, 5),
    st.integers(1, 200),
    st.decimals(Decimal("0.001"), 50, places=3, allow_nan=False),
)


def pool(weights: Mapping[str, int | Decimal | Fraction], strategy: Strategy = Strategy.WEIGHTED) -> PoolState:
    """A pool of new members."""
    return PoolState(strategy, tuple(Seat(rep_id, weight) for rep_id, weight in weights.items()))


def with_away(state: PoolState, away: Iterable[str]) -> PoolState:
    """The pool with exactly these reps away."""
    gone = set(away)
    return replace(
        state,
        seats=tuple(replace(s, excluded_reason="away" if s.rep_id in gone else None) for s in state.seats),
    )


def owing(state: PoolState, rep_id: str, leads: int) -> PoolState:
    """The pool after an adjustment by ops."""
    return replace(
        state, seats=tuple(replace(s, owed=s.owed + leads) if s.rep_id == rep_id else s for s in state.seats)
    )


def give(state: PoolState, leads: int) -> tuple[list[str | None], PoolState]:
    """Give out a batch."""
    picker = Picker(state)
    return [picker.pick() for _ in range(leads)], picker.state()


def shares(state: PoolState) -> dict[str, Fraction]:
    """Each eligible member's part of the weights."""
    units = {s.rep_id: int(s.weight * WEIGHT_SCALE) for s in state.seats if s.excluded_reason is None}
    return {rep_id: Fraction(part, sum(units.values())) for rep_id, part in units.items()}


def farthest(given_to: Iterable[str | None], share: Mapping[str, Fraction]) -> Fraction:
    """The largest distance of anyone's leads from its share, after each of the leads."""
    counts: Counter[str | None] = Counter()
    worst = Fraction(0)
    for leads, rep_id in enumerate(given_to, 1):
        counts[rep_id] += 1
        worst = max(worst, *(abs(counts[member] - leads * part) for member, part in share.items()))
    return worst


@st.composite
def weightings(draw: st.DrawFn, least: int = 1) -> dict[str, int | Decimal]:
    """From one to nine members with weights of all kinds."""
    return {f"rep-{n}": weight for n, weight in enumerate(draw(st.lists(WEIGHTS, min_size=least, max_size=9)))}


@given(weights=weightings(least=2), leads=st.integers(1, 300))
@settings(max_examples=150, deadline=None)
def test_shares_stay_within_tijdemans_bound(weights: dict[str, int | Decimal], leads: int) -> None:
    """From a fresh start nobody is ever farther than 1 - 1/(2n - 2) leads from its weighted share."""
    state = pool(weights)

    given_to, _ = give(state, leads)

    assert farthest(given_to, shares(state)) <= 1 - Fraction(1, 2 * len(weights) - 2)


@given(weights=weightings(), data=st.data())
@settings(max_examples=200, deadline=None)
def test_every_span_keeps_the_law_while_members_come_and_go(
    weights: dict[str, int | Decimal], data: st.DataObject
) -> None:
    """Over each span in which the same members are eligible, everyone stays within one lead of its share."""
    state = pool(weights)
    spans: list[tuple[frozenset[str], list[str | None]]] = []
    stretches = st.lists(st.tuples(st.frozensets(st.sampled_from(sorted(weights))), st.integers(1, 40)), max_size=12)

    for away, leads in data.draw(stretches):
        if len(away) == len(weights):
            continue
        given_to, state = give(with_away(state, away), leads)
        if spans and spans[-1][0] == away:
            spans[-1][1].extend(given_to)
        else:
            spans.append((away, given_to))

    for away, given_to in spans:
        assert farthest(given_to, shares(with_away(state, away))) <= 1


@given(count=st.integers(1, 12), data=st.data())
@settings(max_examples=100, deadline=None)
def test_equal_weights_are_a_plain_round_robin(count: int, data: st.DataObject) -> None:
    """With equal weights every window of a span, wherever it starts, is within one lead of even, after changes too."""
    names = [f"rep-{n}" for n in range(count)]
    state = pool(dict.fromkeys(names, Decimal("1.5")))

    for away in data.draw(st.lists(st.frozensets(st.sampled_from(names), max_size=count - 1), min_size=1, max_size=4)):
        given_to, state = give(with_away(state, away), data.draw(st.integers(1, 3 * count)))
        even = shares(with_away(state, away))

        for start in range(len(given_to)):
            assert farthest(given_to[start:], even) < 1


def test_equal_weights_start_by_rep_id_and_then_take_turns() -> None:
    """The order of a fresh pool is that of the rep ids, again and again."""
    given_to, _ = give(pool({"cy": 1, "ann": 1, "bob": 1}), 7)

    assert given_to == ["ann", "bob", "cy", "ann", "bob", "cy", "ann"]


@st.composite
def busy_pools(draw: st.DrawFn) -> PoolState:
    """A pool in any state that a ledger can hold, with limits that are reached within a batch."""
    limits = st.one_of(st.none(), st.integers(0, 12))
    seats = tuple(
        Seat(
            rep_id=f"rep-{n}",
            weight=draw(st.one_of(st.just(0), WEIGHTS)),
            capacity=draw(limits),
            open_leads=draw(st.integers(0, 4)),
            cap_left=draw(limits),
            credit=draw(st.integers(-2 * WEIGHT_SCALE, 2 * WEIGHT_SCALE)),
            turns=draw(st.integers(0, 3)),
            owed=draw(st.sampled_from([0, 0, 0, 2, -2])),
            present=draw(st.booleans()),
            last_given=draw(st.integers(0, 9)),
            excluded_reason=draw(st.sampled_from([None, None, None, "away"])),
        )
        for n in range(draw(st.integers(0, 7)))
    )
    return PoolState(draw(st.sampled_from(Strategy)), seats, given=9)


@given(state=busy_pools(), data=st.data())
@settings(max_examples=400, deadline=None)
def test_a_batch_gives_exactly_what_single_leads_give(state: PoolState, data: st.DataObject) -> None:
    """The same leads, with the same exclusions and loads from elsewhere, come out the same in one batch and singly."""
    reps = st.sampled_from([f"rep-{n}" for n in range(7)])
    steps = data.draw(st.lists(st.tuples(st.frozensets(reps, max_size=3), st.none() | reps), max_size=40))
    picker, single, in_batch, one_by_one = Picker(state), state, [], []

    for without, elsewhere in steps:
        in_batch.append(picker.pick(without))
        rep_id, single = pick(single, without)
        one_by_one.append(rep_id)
        if elsewhere is not None:
            picker.add_load(elsewhere)
            loaded = Picker(single)
            loaded.add_load(elsewhere)
            single = loaded.state()

    assert one_by_one == in_batch
    assert single == picker.state()


def test_a_batch_ends_a_span_whose_law_breaks_long_after_somebody_was_passed_over() -> None:
    """Four unhindered leads later a member gets a turn too early; in a batch as well, the next lead begins a span."""
    own = {"rep-3": (Decimal("0.001"), 0), "rep-4": (Decimal(26), -9961), "rep-5": (Decimal(19), 2337)}
    seats = tuple(Seat(rep_id, weight, credit=credit) for rep_id, (weight, credit) in own.items())
    single = PoolState(Strategy.WEIGHTED, seats, given=9)
    picker, in_batch, one_by_one = Picker(single), [], []

    for without in [*5 * [()], ("rep-4", "rep-5"), (), ("rep-4",), (), (), ()]:
        in_batch.append(picker.pick(without))
        rep_id, single = pick(single, without)
        one_by_one.append(rep_id)

    assert (in_batch, picker.state()) == (one_by_one, single)


@given(state=busy_pools(), seed=st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_seats_does_not_matter(state: PoolState, seed: random.Random) -> None:
    """Rows come from the database in any order; the choice is the same."""
    shuffled = list(state.seats)
    seed.shuffle(shuffled)

    assert give(state, 30) == give(replace(state, seats=tuple(shuffled)), 30)


@given(state=busy_pools(), leads=st.integers(0, 60))
@settings(max_examples=200, deadline=None)
def test_limits_hold_inside_a_batch(state: PoolState, leads: int) -> None:
    """Nobody is given more than capacity and cap allow, nobody excluded anything, and nothing is withheld."""
    given_to, after = give(state, leads)

    for seat, end in zip(sorted(state.seats, key=lambda s: s.rep_id), after.seats, strict=True):
        count = given_to.count(seat.rep_id)
        room = [
            limit for limit in (seat.cap_left, seat.capacity and seat.capacity - seat.open_leads) if limit is not None
        ]
        assert end.open_leads == seat.open_leads + count
        assert count == 0 or (seat.excluded_reason is None and seat.weight > 0 and count <= min(room, default=count))
    if None in given_to:
        assert not any(standing.eligible for standing in explain(after))


@given(state=busy_pools())
@settings(max_examples=200, deadline=None)
def test_explain_names_who_is_next(state: PoolState) -> None:
    """The first in order is who the next lead goes to, every eligible rep has a place and every other a reason."""
    rep_id, _ = pick(state)

    standings = explain(state)

    assert {seat.rep_id for seat in state.seats} == {standing.rep_id for standing in standings}
    assert [s.rep_id for s in standings if s.order == 1] == ([] if rep_id is None else [rep_id])
    assert all(s.eligible == (s.reason is None) == (s.order is not None) for s in standings)
    assert [s.order for s in standings if s.eligible] == list(range(1, sum(s.eligible for s in standings) + 1))


@given(weights=weightings(least=2), before=st.integers(0, 200), after=st.integers(1, 200))
@settings(max_examples=150, deadline=None)
def test_who_joins_is_neither_flooded_nor_starved(weights: dict[str, int | Decimal], before: int, after: int) -> None:
    """However long the others have worked, a newcomer gets its share from now on, within one lead."""
    *others, newcomer = weights
    _, state = give(pool({rep_id: weights[rep_id] for rep_id in others}), before)
    joined = replace(state, seats=(*state.seats, Seat(newcomer, weights[newcomer])))
    share = shares(joined)[newcomer]

    given_to, _ = give(joined, after)

    assert farthest(given_to, {newcomer: share}) <= 1


@pytest.mark.parametrize("weights", [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], [50, 1, 1], [100, 30, 7, 1]])
def test_small_weights_are_not_starved_by_churn(weights: list[int]) -> None:
    """Though the eligible members change with every lead, everyone gets nine tenths of what its shares add up to."""
    chance = random.Random(7)
    state = pool({f"rep-{n}": weight for n, weight in enumerate(weights)})
    fair: dict[str, Fraction] = defaultdict(Fraction)
    counts: Counter[str | None] = Counter()

    for _ in range(4000):
        state = with_away(state, (s.rep_id for s in state.seats[2:] if chance.random() < 0.3))
        for member, share in shares(state).items():
            fair[member] += share
        rep_id, state = pick(state)
        counts[rep_id] += 1

    assert all(counts[rep_id] >= Fraction(9, 10) * due - 1 for rep_id, due in fair.items())
    assert all(counts[rep_id] <= Fraction(11, 10) * due + 1 for rep_id, due in fair.items())


def test_an_absence_earns_nothing() -> None:
    """A rep who was away for a thousand leads comes back to the pool's present level."""
    state = pool({"ann": 1, "bob": 1, "cy": 2})
    _, state = give(with_away(state, ["cy"]), 1000)

    given_to, _ = give(with_away(state, []), 8)

    assert Counter(given_to) == {"ann": 2, "bob": 2, "cy": 4}


@given(
    weights=st.dictionaries(st.sampled_from(["ann", "bob", "cy", "di"]), st.integers(1, 9), min_size=2),
    before=st.integers(0, 50),
    by=st.integers(-6, 20),
    data=st.data(),
)
@settings(max_examples=100, deadline=None)
def test_an_adjustment_is_honoured_exactly(
    weights: dict[str, int | Decimal], before: int, by: int, data: st.DataObject
) -> None:
    """Once an adjustment is settled, the leads it does not explain are within one of everyone's share."""
    member = data.draw(st.sampled_from(sorted(weights)))
    _, state = give(pool(weights), before)
    share = shares(state)
    counts: Counter[str | None] = Counter()

    state = owing(state, member, by)
    picker = Picker(state)
    while next(s.owed for s in picker.state().seats if s.rep_id == member) != 0:
        counts[picker.pick()] += 1
    for _ in range(100):
        counts[picker.pick()] += 1

    turns = counts.total() - by
    start = {s.rep_id: Fraction(s.credit, sum(int(w * WEIGHT_SCALE) for w in weights.values())) for s in state.seats}
    for rep_id, part in share.items():
        unexplained = counts[rep_id] - (by if rep_id == member else 0)
        assert abs(unexplained - turns * part - start[rep_id]) <= 1


def test_leads_owed_are_given_first_and_outlive_an_absence() -> None:
    """What ops granted is paid when the rep is back, before anyone's turn."""
    state = owing(pool({"ann": 1, "bob": 1}), "bob", 2)
    _, state = give(with_away(state, ["bob"]), 3)

    given_to, state = give(with_away(state, []), 4)

    assert given_to[:2] == ["bob", "bob"]
    assert {"ann", "bob"} == set(given_to[2:])
    assert all(seat.owed == 0 for seat in state.seats)


def test_a_debtor_alone_is_given_the_leads() -> None:
    """A debt waits for somebody who can take the turn; it never holds a lead back, and is not lost."""
    state = owing(pool({"ann": 1, "bob": 1}), "ann", -3)

    given_to, after = give(with_away(state, ["bob"]), 5)

    assert given_to == ["ann"] * 5
    assert [seat.owed for seat in after.seats] == [-3, 0]


def test_least_loaded_levels_the_open_leads() -> None:
    """Leads go to the fewest open ones; ties to the higher weight, then the least recently given, then rep id."""
    state = PoolState(
        Strategy.LEAST_LOADED,
        (
            Seat("ann", open_leads=2),
            Seat("bob", open_leads=0),
            Seat("cy", weight=2, open_leads=1),
            Seat("di", open_leads=1),
        ),
    )

    given_to, after = give(state, 8)

    assert given_to == ["bob", "cy", "di", "bob", "cy", "ann", "di", "bob"]
    assert [seat.open_leads for seat in after.seats] == [3, 3, 3, 3]


@given(loads=st.lists(st.integers(0, 30), min_size=1, max_size=9), leads=st.integers(0, 100))
@settings(max_examples=100, deadline=None)
def test_least_loaded_never_passes_a_lighter_rep(loads: list[int], leads: int) -> None:
    """Each lead goes to somebody who holds no more than anybody else at that moment."""
    held = {f"rep-{n}": load for n, load in enumerate(loads)}
    state = PoolState(Strategy.LEAST_LOADED, tuple(Seat(rep_id, open_leads=load) for rep_id, load in held.items()))

    given_to, _ = give(state, leads)

    for rep_id in given_to:
        assert rep_id is not None
        assert held[rep_id] == min(held.values())
        held[rep_id] += 1


def test_a_changed_weight_does_not_flood() -> None:
    """A weight that was doubled after ten thousand leads counts from now on, not for the past."""
    _, state = give(pool({"ann": 1, "bob": 1}), 10_000)
    heavier = replace(state, seats=tuple(replace(s, weight=2) if s.rep_id == "bob" else s for s in state.seats))

    given_to, _ = give(heavier, 9)

    assert abs(given_to.count("bob") - 6) <= 1


def test_nobody_eligible_gives_none_and_the_reasons() -> None:
    """A pool in which nobody can be given anything says why, rep by rep."""
    state = PoolState(
        Strategy.WEIGHTED,
        (
            Seat("ann", capacity=3, open_leads=3),
            Seat("bob", cap_left=0),
            Seat("cy", excluded_reason="away"),
            Seat("di", weight=0),
        ),
    )

    rep_id, _ = pick(state)

    assert rep_id is None
    assert [(standing.rep_id, standing.reason) for standing in explain(state)] == [
        ("ann", "at_capacity"),
        ("bob", "capped"),
        ("cy", "away"),
        ("di", "no_weight"),
    ]

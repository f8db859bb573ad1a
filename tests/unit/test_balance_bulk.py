"""A pool whose leads are given by a plan: whoever's turn it is, and back again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.routing.policy.balance import AT_CAPACITY, CAPPED, NOT_A_MEMBER, Picker, PoolState, Seat, Strategy

_WEIGHTS = st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 5), min_size=1)


def _pool(weights: dict[str, int], strategy: Strategy = Strategy.WEIGHTED) -> PoolState:
    return PoolState(strategy, tuple(Seat(rep_id, weight) for rep_id, weight in sorted(weights.items())))


@given(weights=_WEIGHTS, leads=st.integers(0, 40), strategy=st.sampled_from(Strategy))
def test_giving_what_was_picked_is_picking(weights: dict[str, int], leads: int, strategy: Strategy) -> None:
    """A plan that is applied while nothing else happens leaves the ledger as routing would have left it."""
    planned, applied = Picker(_pool(weights, strategy)), Picker(_pool(weights, strategy))
    picked = [planned.pick() for _ in range(leads)]

    refused = [applied.give(rep_id) for rep_id in picked if rep_id]

    assert refused == [None] * leads
    assert applied.state() == planned.state()


@given(weights=_WEIGHTS, before=st.integers(0, 20), leads=st.integers(0, 30), batch=st.integers(1, 7))
@settings(deadline=None)
def test_what_is_taken_back_was_never_given(weights: dict[str, int], before: int, leads: int, batch: int) -> None:
    """Undone in the order of the plan, batch by batch, the ledger is as before; only who was last is remembered."""
    picker = Picker(_pool(weights))
    for _ in range(before):
        picker.pick()
    was = picker.state()
    planned = Picker(was)
    given_to = [planned.pick() or "" for _ in range(leads)]
    state = planned.state()

    for start in range(0, leads, batch):
        back = Picker(state)
        for rep_id in given_to[start : start + batch]:
            back.take_back(rep_id)
        state = back.state()

    assert [(seat.credit, seat.turns, seat.open_leads) for seat in state.seats] == [
        (seat.credit, seat.turns, seat.open_leads) for seat in was.seats
    ]


@given(weights=_WEIGHTS, taken=st.integers(1, 30), leads=st.integers(1, 60))
@settings(deadline=None)
def test_a_ledger_below_nothing_still_shares_by_weight(weights: dict[str, int], taken: int, leads: int) -> None:
    """Taking back more than the span has given begins a new one; nobody is then starved."""
    picker = Picker(_pool(weights))
    rep_id = min(weights)
    for _ in range(taken):
        picker.take_back(rep_id)

    got = [Picker(picker.state()).pick()] + [picker.pick() for _ in range(leads * sum(weights.values()))]

    assert set(got) == set(weights)


def test_who_can_be_given_nothing_says_why() -> None:
    """A plan is refused with the reason, lead by lead."""
    picker = Picker(
        PoolState(
            Strategy.WEIGHTED,
            (Seat("away", excluded_reason="away"), Seat("full", capacity=1, open_leads=1), Seat("free")),
        )
    )
    picker.cap("free", 1)

    reasons = [picker.give(rep_id) for rep_id in ("away", "full", "free", "free", "nobody")]

    assert reasons == ["away", AT_CAPACITY, None, CAPPED, NOT_A_MEMBER]


def test_leads_that_ops_owe_are_paid_by_a_plan_as_well() -> None:
    """A member who is owed leads and gets one is owed one less, and its turn is not used up."""
    picker = Picker(PoolState(Strategy.WEIGHTED, (Seat("ann", owed=2), Seat("bob"))))

    picker.give("ann")

    seat = next(seat for seat in picker.state().seats if seat.rep_id == "ann")
    assert (seat.owed, seat.turns) == (1, 0)

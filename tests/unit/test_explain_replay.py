"""A recorded decision, asked again under its own policy, gives the same rule, course and outcome."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.custody.clock import Clocks
from shared.custody.states import Absence, RepState
from shared.db.arrays import as_json
from shared.domain.calendar import Calendar
from shared.domain.lead import Status
from shared.domain.rep import Rep, RepStatus, Seniority
from shared.domain.target import Target
from shared.policy.compile import Policy, compile_policy
from shared.policy.document import Gate
from shared.policy.holidays_of import build_calendar
from shared.policy.parse import parse_policy
from shared.routing.policy.balance import explain
from shared.routing.policy.case import AccountState, Case, Coverage, Directive
from shared.routing.policy.moves import Ruling, as_moves
from shared.routing.policy.place import place
from shared.routing.policy.pools import Ledger, members_of, pool_state
from shared.routing.policy.route import route
from tests.fixtures.ops_texts import OPS_POLICY
from workers.assignment.policy.explain import Recorded, colleagues, explain_decision, replay

#: The full policy with a team's own field, a pool that waits for its hours, and one with a cap.
_POLICY = (
    OPS_POLICY.replace(
        "buffer:\n", "attributes: {persona: {values: [it, finance], aliases: {CFO: finance}}}\nbuffer:\n", 1
    )
    .replace(
        "  - {name: anvils,",
        "  - {name: persona, when: {persona: finance}, to: rep:sara, else: [pool:south]}\n  - {name: anvils,",
    )
    .replace("minimum: 30", "minimum: 30\n    signal: {visit: 15}")
    .replace(
        "north: {members: {team: North}, calendar: office,",
        "north: {members: {team: North}, calendar: office, when_closed: wait,",
    )
    .replace("south: {members: {team: South},", "south: {members: {team: South}, cap: 1 per 1d,")
)
_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_REPS = (
    Rep("nils", "Nils", team="North", skills=("anvils",), capacity=1),
    Rep("nora", "Nora", team="North"),
    Rep("sara", "Sara", team="South", seniority=Seniority.SENIOR, capacity=2),
    Rep("sven", "Sven", team="South"),
)

_facts = st.fixed_dictionaries(
    {},
    optional={
        "lead_type": st.sampled_from(["demo_request", "content_download", "support_request", "newsletter", "webinar"]),
        "product": st.sampled_from(["Anvil", "the anvil", "Bellows", "Hammer"]),
        "employees": st.integers(0, 5000),
        "country": st.sampled_from(["GB", "NO", "IT", "DE"]),
        "hand_raise": st.booleans(),
        "attributes": st.fixed_dictionaries({}, optional={"persona": st.sampled_from(["CFO", "it", "cook"])}),
    },
)
_accounts = st.none() | st.builds(
    AccountState,
    st.just("acme"),
    st.sampled_from(["prospect", "customer"]),
    st.booleans(),
    st.sampled_from([None, "nora", "gone"]),
    st.sampled_from([None, "deal"]),
    st.sampled_from([None, "sara", "sven"]),
)
_directives = st.builds(
    Directive,
    st.sampled_from(["pool:south", "pool:north", "queue:shark_tank", "rep:nora"]).map(
        lambda text: (Target.parse(text),)
    ),
    st.sampled_from([None, "sara", "nora"]),
    st.just("escalation"),
)
_cases = st.builds(
    Case,
    lead_id=st.just(0),
    from_status=st.sampled_from([Status.MATCHED]),
    received_at=st.just(_NOW),
    released_at=st.just(_NOW),
    facts=_facts,
    bad=st.fixed_dictionaries({}, optional={"country": st.just("Atlantis"), "employees": st.just("lots")}),
    account=_accounts,
    signals=st.fixed_dictionaries({}, optional={"visit": st.integers(1, 3)}),
    directive=st.none() | _directives,
)
_teams = st.tuples(
    *(
        st.builds(
            RepState,
            st.sampled_from([rep, replace(rep, status=RepStatus.DEPARTED)]),
            st.integers(0, 2),
            st.sampled_from([(), (Absence(_NOW - timedelta(days=1), _NOW + timedelta(days=1), timedelta(0)),)]),
        )
        for rep in _REPS
    )
)


@cache
def _policy() -> Policy:
    return compile_policy(parse_policy(_POLICY))


@cache
def _calendars() -> dict[str, Calendar]:
    return {name: build_calendar(spec, range(2025, 2028)) for name, spec in _policy().calendars.items()}


def _decide(
    policy: Policy, cases: list[Case], team: tuple[RepState, ...]
) -> list[tuple[Recorded, list[dict[str, Any]]]]:
    """Decide a batch as the task does and return what is written of each lead, with its pool's snapshot."""
    numbered = [replace(case, lead_id=number) for number, case in enumerate(cases, start=1)]
    reps = {state.rep.rep_id: state for state in team}
    calendars = _calendars()
    roster = {rep_id: state.rep for rep_id, state in reps.items()}
    pools = {
        name: pool_state(pool, members_of(pool, roster), reps, Ledger(), calendars, _NOW)
        for name, pool in policy.pools.items()
    }
    placements, _ = place(policy, "exceptions", route(policy, numbered), Coverage(_NOW, reps, pools, calendars))
    ruling = Ruling(policy, 1, _NOW, Clocks(calendars, dict.fromkeys(reps)))
    moves = as_moves(ruling, placements, dict.fromkeys(pools, 7))
    return [
        (
            Recorded(move.outcome, move.rule, orjson.loads(as_json(dict(move.detail)))),
            [asdict(one) for one in explain(pools[placement.pool])] if placement.pool else [],
        )
        for move, placement in zip(moves, placements, strict=True)
    ]


@settings(max_examples=300)
@given(cases=st.lists(_cases, min_size=1, max_size=6), team=_teams)
def test_a_replayed_decision_agrees_with_its_record(cases: list[Case], team: tuple[RepState, ...]) -> None:
    """From what a decision has recorded, its policy gives the same rule, the same course and the same status."""
    policy = _policy()

    decided = _decide(policy, cases, team)

    for recorded, seats in decided:
        again = replay(policy, recorded, seats)
        assert again.differences == ()
        assert (again.rule, str(again.outcome)) == (recorded.rule, recorded.outcome)


@settings(max_examples=100)
@given(case=_cases, team=_teams)
def test_an_explanation_names_what_decided(case: Case, team: tuple[RepState, ...]) -> None:
    """The deciding rule's result is true; of those before it each was false, unknown, or not for this lead."""
    policy = _policy()
    ((recorded, _),) = _decide(policy, [case], team)

    found = explain_decision(policy, recorded.detail)

    if case.directive is not None:
        assert (found.decisive, found.passed_over) == (None, ())
    if found.rule is not None:
        assert found.decisive is not None
        assert found.decisive.result is True
        assert found.rules.index(found.decisive) == len(found.passed_over)
    assert all(one.skipped or one.result is not True for one in found.passed_over)
    assert all(one.gate is Gate.QUALIFIED for one in found.passed_over if one.skipped)


def _anvil(detail: Mapping[str, Any] | None = None) -> tuple[Recorded, list[dict[str, Any]]]:
    facts = {"lead_type": "demo_request", "product": "Anvil", "employees": 50}
    case = Case(0, Status.MATCHED, _NOW, _NOW, facts)
    ((recorded, seats),) = _decide(_policy(), [case], tuple(RepState(rep) for rep in _REPS))
    return replace(recorded, detail={**recorded.detail, **(detail or {})}), seats


def test_a_forged_rule_is_seen() -> None:
    """A record that names another rule than the policy gives differs."""
    recorded, seats = _anvil()

    again = replay(_policy(), replace(recorded, rule="large"), seats)

    assert again.differences == ("the record says rule large, the replay anvils",)


def test_a_forged_course_is_seen() -> None:
    """A record that tried a target which the policy does not have there differs."""
    recorded, seats = _anvil({"tried": [{"target": "pool:north", "result": "taken", "rep": "nils"}]})

    again = replay(_policy(), recorded, seats)

    assert "the record tried pool:north" in again.differences[0]


def test_a_rep_who_could_get_nothing_is_seen() -> None:
    """A record by which a rep got a lead for whom the pool had none differs."""
    recorded, seats = _anvil()
    barred = [{**one, "eligible": False} for one in seats]

    assert replay(_policy(), recorded, barred).differences == ("nils was given the lead and was not eligible",)


def test_every_colleague_is_told_why_not() -> None:
    """Who did not get the lead is excluded for a reason or behind in the line."""
    policy = _policy()
    team = (
        RepState(_REPS[0], 1),
        RepState(_REPS[1]),
        RepState(_REPS[2]),
        RepState(_REPS[3]),
    )
    case = Case(0, Status.MATCHED, _NOW, _NOW, {"lead_type": "demo_request", "employees": 50, "country": "IT"})
    ((recorded, seats),) = _decide(policy, [case], team)
    chosen = recorded.detail["tried"][-1]["rep"]

    told = {one.rep_id: one for one in colleagues(seats, chosen)}

    assert [one.rep_id for one in told.values() if one.chosen] == [chosen]
    assert set(told) == {"sara", "sven"}
    assert told["sven"].why == "was number 2 in the line: another's turn"

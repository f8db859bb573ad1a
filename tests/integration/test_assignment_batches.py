"""A batch gives what the same leads would get one by one, and pools stay fair and within capacity, also in parallel."""

import threading
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.bus.queues import TaskName
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep

_POOLS = ("anvils", "bellows", "common")

_policies = st.fixed_dictionaries(
    {
        "strategy": st.tuples(*[st.sampled_from(["weighted", "least_loaded"])] * 3),
        "overflow": st.tuples(
            st.sampled_from(["", "pool:bellows", "pool:common", "queue:tank"]),
            st.sampled_from(["", "pool:common", "pool:anvils"]),
            st.sampled_from(["", "queue:tank"]),
        ),
        "cap": st.tuples(*[st.sampled_from(["", "2 per 1d"])] * 3),
    }
)
_reps = st.lists(
    st.fixed_dictionaries(
        {
            "skills": st.sampled_from(
                ["anvils", "bellows", "anvils|bellows", "anvils|common", "common", "bellows|common"]
            ),
            "weight": st.sampled_from(["0.5", "1", "2", "3"]),
            "capacity": st.sampled_from(["", "", "0", "1", "2", "4"]),
            "away": st.sampled_from([False, False, False, True]),
        }
    ),
    min_size=1,
    max_size=6,
)
_leads = st.lists(
    st.fixed_dictionaries(
        {
            "product": st.sampled_from(["Anvil", "Bellows", "Common", "Catapult"]),
            "lead_type": st.sampled_from(["demo_request", "newsletter"]),
            "hand_raise": st.booleans(),
        }
    ),
    min_size=1,
    max_size=14,
)


def _document(drawn: dict[str, Any]) -> str:
    """Return a policy with three pools that overflow into each other as drawn."""
    pools = []
    for number, name in enumerate(_POOLS):
        overflow, cap = drawn["overflow"][number], drawn["cap"][number]
        parts = [f"members: {{skill: {name}}}", f"strategy: {drawn['strategy'][number]}"]
        parts += [f"overflow: ['{overflow}']"] if overflow else []
        parts += [f"cap: {cap}"] if cap else []
        pools.append(f"  {name}: {{{', '.join(parts)}}}")
    return f"""
name: drawn
owner: ops@here.example
vocabulary: {{product: [Anvil, Bellows, Common], lead_type: [demo_request, newsletter]}}
qualification: {{intent: {{minimum: 0, lead_type: {{demo_request: 80, newsletter: 10}}, hand_raise: 20}}}}
buffer: {{default: {{minimum: 0s, maximum: 60s}}}}
rules:
  - {{name: anvil, when: {{product: Anvil}}, to: pool:anvils}}
  - {{name: bellows, when: {{product: Bellows}}, to: pool:bellows, else: [pool:anvils]}}
  - {{name: rest, to: pool:common}}
pools:
{chr(10).join(pools)}
queues:
  exceptions: {{owner: ops@here.example}}
  tank: {{kind: claim, owner: ops@here.example, members: {{}}}}
"""


def _match_all(pipeline: Pipeline, reps: Sequence[dict[str, Any]], leads: Sequence[dict[str, Any]]) -> list[int]:
    """Start afresh with these people and bring these leads to the assignment; return them in its order."""
    pipeline.clear()
    rows = [{**one, "rep_id": f"r{number}"} for number, one in enumerate(reps)]
    pipeline.sync("reps", [rep(**{name: value for name, value in row.items() if name != "away"}) for row in rows])
    away = [row["rep_id"] for row in rows if row["away"]]
    pipeline.sync("absences", [{"rep_id": one, "from": "2020-01-01", "until": "2999-01-01"} for one in away])
    lead_ids = pipeline.publish(*[lead_event(email=f"p{n}@x.example", **one) for n, one in enumerate(leads)])
    pipeline.deliver(TaskName.ENRICH, lead_ids)
    pipeline.deliver(TaskName.DEDUPLICATE, lead_ids)
    pipeline.take_hints()
    return pipeline.ids("SELECT lead_id FROM lead ORDER BY intent DESC, received_at, lead_id")


def _result(pipeline: Pipeline) -> list[Any]:
    """Return who has which lead and why, and the ledgers and loads after it."""
    return [
        pipeline.rows(
            "SELECT lead_id, status, owner, rule, hold_reason, qualified_at IS NULL FROM report.lead ORDER BY 1"
        ),
        pipeline.rows("SELECT lead_id, epoch, owner, reason, pool FROM assignment ORDER BY lead_id"),
        pipeline.rows("SELECT * FROM pool ORDER BY pool"),
        pipeline.rows("SELECT * FROM pool_ledger ORDER BY pool, rep_id"),
        pipeline.rows("SELECT * FROM rep_load ORDER BY rep_id"),
        pipeline.rows("SELECT lead_id, detail -> 'tried' FROM decision WHERE stage = 'assignment' ORDER BY lead_id"),
    ]


@settings(max_examples=15, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=_policies, reps=_reps, leads=_leads, cut=st.integers(0, 14))
def test_a_batch_gives_what_its_leads_would_get_one_by_one(
    pipeline: Pipeline, policy: dict[str, Any], reps: list[dict[str, Any]], leads: list[dict[str, Any]], cut: int
) -> None:
    """The same owners, the same queues, the same ledgers, whatever the pools, weights, capacities and absences."""
    pipeline.activate(_document(policy))
    results = []
    for batches in ("one", "two", "single"):
        ordered = _match_all(pipeline, reps, leads)
        cuts = {"one": [ordered], "two": [ordered[:cut], ordered[cut:]], "single": [[one] for one in ordered]}
        for batch in cuts[batches]:
            pipeline.deliver(TaskName.ASSIGN, batch)
        results.append(_result(pipeline))
        assert pipeline.breaches() == []

    assert results[0] == results[2]
    assert results[1] == results[2]


@pytest.fixture
def weighted(pipeline: Pipeline) -> Pipeline:
    """A pipeline with one weighted pool of four."""
    policy = {"strategy": ["weighted"] * 3, "overflow": [""] * 3, "cap": [""] * 3}
    pipeline.activate(_document(policy))
    return pipeline


_WEIGHTS = {"r0": Fraction(1), "r1": Fraction(2), "r2": Fraction(3), "r3": Fraction(1, 2)}


def _weighted_reps(**columns: Any) -> list[dict[str, Any]]:
    return [{"skills": "anvils", "weight": str(float(one)), "away": False, **columns} for one in _WEIGHTS.values()]


def _off_share(owners: Sequence[str]) -> Fraction:
    """Return how far the worst served rep is from the weighted share, in leads, at any moment of the sequence."""
    total, given, worst = sum(_WEIGHTS.values()), Counter[str](), Fraction(0)
    for number, owner in enumerate(owners, start=1):
        given[owner] += 1
        worst = max(worst, *(abs(given[one] - number * weight / total) for one, weight in _WEIGHTS.items()))
    return worst


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 25), min_size=1, max_size=6))
def test_shares_follow_weights_within_one_lead(weighted: Pipeline, sizes: list[int]) -> None:
    """At every moment, in batches of any size, nobody is more than one lead from the weighted share."""
    ordered = _match_all(weighted, _weighted_reps(), [{"product": "Anvil"}] * sum(sizes))
    rest = list(ordered)
    for size in sizes:
        batch, rest = rest[:size], rest[size:]
        weighted.deliver(TaskName.ASSIGN, batch)

    owners = weighted.ids("SELECT owner FROM assignment ORDER BY lead_id")
    assert len(owners) == len(ordered)
    assert _off_share(owners) <= 1


def _in_parallel(pipelines: Sequence[Pipeline], batches: Sequence[Sequence[list[int]]]) -> list[BaseException]:
    """Let each pipeline assign its batches at the same time as the others; return what came out as an error."""
    failures: list[BaseException] = []
    start = threading.Barrier(len(pipelines))

    def work(pipeline: Pipeline, mine: Sequence[list[int]]) -> None:
        start.wait()
        try:
            for batch in mine:
                pipeline.deliver(TaskName.ASSIGN, batch)
        except BaseException as error:  # noqa: BLE001  whatever it is, the test must hear of it
            failures.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(pipelines, batches, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def _hands(lead_ids: Sequence[int], size: int) -> list[list[list[int]]]:
    """Deal leads to two workers in batches."""
    batches = [list(lead_ids[place : place + size]) for place in range(0, len(lead_ids), size)]
    return [batches[0::2], batches[1::2]]


def test_two_workers_stay_fair(weighted: Pipeline, database_url: str, redis_url: str) -> None:
    """Two assignment workers at once keep every share within one lead of its weight, in the order of giving."""
    lead_ids = _match_all(weighted, _weighted_reps(), [{"product": "Anvil"}] * 240)

    with open_pipeline(database_url, redis_url) as other:
        failures = _in_parallel([weighted, other], _hands(lead_ids, 7))

    given = Counter(weighted.ids("SELECT owner FROM assignment"))
    total = sum(_WEIGHTS.values())
    assert failures == []
    assert all(abs(given[one] - 240 * weight / total) <= 1 for one, weight in _WEIGHTS.items())
    assert weighted.value("SELECT given FROM pool WHERE pool = 'anvils'") == 240
    assert weighted.breaches() == []


def test_two_workers_never_exceed_a_capacity(weighted: Pipeline, database_url: str, redis_url: str) -> None:
    """Reps who are in two pools fill up to the last seat and no further; what is left over is held, visibly."""
    reps = [{"skills": "anvils|common", "weight": "1", "capacity": "11", "away": False}] * 4
    leads = [{"product": ("Anvil", "Common")[number % 2]} for number in range(120)]
    lead_ids = _match_all(weighted, reps, leads)

    with open_pipeline(database_url, redis_url) as other:
        failures = _in_parallel([weighted, other], _hands(lead_ids, 5))

    assert failures == []
    assert weighted.ids("SELECT open_leads FROM rep_load") == [11] * 4
    assert weighted.rows("SELECT DISTINCT hold_reason FROM lead WHERE status = 'held'") == [
        {"hold_reason": "no_one_available"}
    ]
    assert weighted.statuses() == {"offered": 44, "held": 76}
    assert weighted.breaches() == []


def test_the_same_batch_for_two_workers_is_given_once(weighted: Pipeline, database_url: str, redis_url: str) -> None:
    """A hint that is delivered to two workers at the same moment gives each lead one owner."""
    lead_ids = _match_all(weighted, _weighted_reps(), [{"product": "Anvil"}] * 60)

    with open_pipeline(database_url, redis_url) as other:
        failures = _in_parallel([weighted, other], [[lead_ids], [lead_ids[::-1]]])

    assert failures == []
    assert weighted.value("SELECT count(*) FROM assignment") == 60
    assert weighted.value("SELECT max(decisions) FROM lead") == 3
    assert weighted.breaches() == []

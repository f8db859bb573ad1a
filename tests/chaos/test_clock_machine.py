"""Acceptance, firing, claims, moves by hand and in bulk in every order Hypothesis finds: the laws hold throughout."""

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from shared.domain.target import Target
from shared.errors import RefusedError
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.assignment.ops.assign import assign_lead
from workers.escalation.answer import settle_answers
from workers.escalation.policy.answers import Answer, Kind
from workers.reassignment.asking import ask
from workers.reassignment.control import Said, say_to_plan
from workers.reassignment.planning import make_plan
from workers.reassignment.policy.states import Word
from workers.reassignment.tasks import move

_REPS = ("ana", "bob", "cid")
_REASONS = ("timing", "budget", "not_icp", "no_current_need", "duplicate", "support")
#: Before and after each step of the ladders: 10 m, 15 m, 1 h, 2 h, 4 h and an hour in the tank.
_SPANS = (1, 601, 901, 3601, 7201, 14_401, 90 * 86_400 + 1)
_MOVING = "SELECT count(*) FROM lead WHERE moving"
#: A step that has fired has exactly one decision to show for it, or was settled by an answer.
_DOUBLED = """
SELECT lead_id FROM decision WHERE stage = 'escalation' AND outcome IN ('remind', 'flag_overdue', 'escalate')
GROUP BY lead_id, detail -> 'epoch', detail -> 'ladder', detail -> 'step' HAVING count(*) > 1
UNION ALL
SELECT lead_id FROM deadline WHERE action = 'move_to' AND fired_at IS NOT NULL
GROUP BY lead_id, epoch HAVING count(*) > 1
UNION ALL
SELECT lead_id FROM deadline JOIN assignment USING (lead_id, epoch)
WHERE action = 'move_to' AND (fired_at IS NOT NULL) <> (coalesce(end_reason, '') = 'non_response')
"""
_MOVED_TWICE = """
SELECT lead_id FROM report.assignment WHERE plan_id IS NOT NULL GROUP BY plan_id, lead_id HAVING count(*) > 2
"""
_WRONG_TALLIES = """
SELECT plan_id FROM report.plan LEFT JOIN report.plan_move AS move USING (plan_id)
GROUP BY plan_id, pending, plan.blocked, moved, skipped, undone, kept HAVING (pending, moved, skipped, undone, kept)
    <> (count(*) FILTER (WHERE move.state = 'pending'), count(*) FILTER (WHERE move.state = 'moved'),
        count(*) FILTER (WHERE move.state = 'skipped'), count(*) FILTER (WHERE move.state = 'undone'),
        count(*) FILTER (WHERE move.state = 'kept'))
"""
_CLOCKS = "SELECT lead_id, epoch, ladder, step, policy_version FROM deadline"


class Clock(RuleBasedStateMachine):
    """A few leads and three reps; the test delivers, doubles and loses the hints, and lets time pass."""

    pipeline: Pipeline
    other: Pipeline

    @initialize()
    def begin(self) -> None:
        """Forget the example before."""
        self.pinned: dict[tuple[object, ...], int] = {}
        self.pipeline.clear()
        self.pipeline.activate(CLOCKS)
        self.pipeline.sync("reps", [rep(one, team="Sales", manager_channel=f"#{one}") for one in _REPS])
        self.submit()

    @rule()
    def submit(self) -> None:
        """A new lead gets its owner."""
        self.pipeline.route(lead_event(lead_type="demo_request"))

    @rule(seed=st.integers(0, 999), keep=st.booleans())
    def deliver(self, seed: int, *, keep: bool) -> None:
        """A hint arrives out of order, and perhaps again later."""
        hints = self.pipeline.hints.published
        if hints:
            task, ids = hints[seed % len(hints)] if keep else hints.pop(seed % len(hints))
            self.pipeline.deliver(task, ids)

    @rule(task=st.sampled_from((TaskName.FIRE, TaskName.ARM, TaskName.ASSIGN, TaskName.DEDUPLICATE)))
    def stray(self, task: TaskName) -> None:
        """A hint about everything comes early, late, or from nowhere."""
        self.pipeline.deliver(task, self.pipeline.ids("SELECT lead_id FROM lead"))

    @rule()
    def drop(self) -> None:
        """Redis comes back empty."""
        self.pipeline.hints.published.clear()

    @precondition(lambda self: not self.pipeline.value(_MOVING))
    @rule(seconds=st.sampled_from(_SPANS), second=st.booleans())
    def advance(self, seconds: int, *, second: bool) -> None:
        """Time passes; what is due fires, by one keeper or the other."""
        self.pipeline.pass_time(seconds + 2)
        (self.other if second else self.pipeline).keeper.tick()

    @rule()
    def tick(self) -> None:
        """Both keepers tick once more; what one leaves to do the other may do."""
        self.pipeline.keeper.tick()
        self.other.keeper.tick()

    @rule(
        kind=st.sampled_from(
            (Kind.ACCEPT, Kind.ACCEPT, Kind.RECYCLE, Kind.CLAIM, Kind.CLAIM, Kind.TOUCH, Kind.CONVERT)
        ),
        seed=st.integers(0, 2**16),
        reason=st.sampled_from(_REASONS),
    )
    def answer(self, kind: Kind, seed: int, reason: str) -> None:
        """A rep answers, mostly about a lead of theirs."""
        chance = random.Random(seed)
        lead = chance.choice(self.pipeline.rows("SELECT lead_id, owner FROM report.lead ORDER BY lead_id"))
        owner = lead["owner"] if lead["owner"] in _REPS and chance.random() < 0.8 else chance.choice(_REPS)
        of = self.pipeline.value("SELECT min(lead_id) FROM lead") if reason == "duplicate" else None
        given = reason if kind is Kind.RECYCLE else None
        with transaction(self.pipeline.context.engine, self.pipeline.context.publisher) as tx:
            settle_answers(self.pipeline.context, tx, [Answer(kind, lead["lead_id"], owner, reason=given, of=of)])

    @rule(who=st.sampled_from(_REPS), status=st.sampled_from(("active", "active", "departed")))
    def change(self, who: str, status: str) -> None:
        """A rep departs or comes back."""
        self.pipeline.sync("reps", [rep(who, team="Sales", status=status)])

    @rule(who=st.sampled_from(_REPS), hours=st.sampled_from((-1, 2)), cover=st.sampled_from(("", *_REPS)))
    def away(self, who: str, hours: int, cover: str) -> None:
        """A rep goes away for two hours, or came back an hour ago."""
        now = datetime.now(UTC)
        start = now - timedelta(hours=2 if hours < 0 else 0, seconds=1)
        until = now + timedelta(hours=hours)
        absence = {"rep_id": who, "from": start.isoformat(), "until": until.isoformat()}
        self.pipeline.sync("absences", [absence | ({"cover_rep_id": cover} if cover != who else {})])

    @rule(minutes=st.sampled_from((10, 20, 30)))
    def activate(self, minutes: int) -> None:
        """Another policy comes into force; running clocks keep theirs."""
        self.pipeline.activate(CLOCKS.replace("after: 10m", f"after: {minutes}m"))

    @rule(seed=st.integers(0, 999), to=st.sampled_from(("rep:ana", "rep:bob", "pool:sales", "queue:shark_tank")))
    def assign(self, seed: int, to: str) -> None:
        """Somebody gives a lead away by hand, or is told why not."""
        lead_ids = self.pipeline.ids("SELECT lead_id FROM lead ORDER BY lead_id")
        with suppress(RefusedError):
            lead_id = lead_ids[seed % len(lead_ids)]
            assign_lead(self.pipeline.context, lead_id, Target.parse(to), reason="test", made_by="ops")

    @rule(
        who=st.sampled_from(_REPS),
        to=st.sampled_from(("policy", "rep:ana", "rep:bob", "pool:sales", "queue:shark_tank")),
        clock=st.sampled_from(("keep", "restart")),
        accepted=st.sampled_from(("keep", "offer")),
    )
    def plan(self, who: str, to: str, clock: str, accepted: str) -> None:
        """Somebody plans to move what a rep holds, or is told why not."""
        words = {"rep": who, "to": to, "clock": clock, "accepted": accepted, "status": "offered,accepted,pooled,held"}
        with suppress(RefusedError):
            make_plan(self.pipeline.context, ask(self.pipeline.context, words).order)

    @rule(seed=st.integers(0, 999), word=st.sampled_from((Word.APPLY, Word.APPLY, Word.UNDO, *Word)))
    def tell_plan(self, seed: int, word: Word) -> None:
        """A plan is told something, and two workers take it up at once and late."""
        plans = self.pipeline.ids("SELECT plan_id FROM report.plan ORDER BY plan_id")
        if not plans:
            return
        with suppress(RefusedError):
            say_to_plan(self.pipeline.context, plans[seed % len(plans)], Said(word, "ops"))
        if seed % 3:
            move(self.other.context, plans)

    @invariant()
    def plans_move_once(self) -> None:
        """A plan gives a lead once and takes it back once, and its tallies are the states of its leads."""
        assert self.pipeline.ids(_MOVED_TWICE) == []
        assert self.pipeline.ids(_WRONG_TALLIES) == []

    @invariant()
    def laws_hold(self) -> None:
        """No law is broken, and no step has taken effect twice."""
        assert self.pipeline.breaches() == []
        assert self.pipeline.ids(_DOUBLED) == []

    @invariant()
    def clocks_keep_their_policy(self) -> None:
        """Law 5: no activation changes the policy of a clock that runs or ran."""
        now = {tuple(row.values())[:4]: row["policy_version"] for row in self.pipeline.rows(_CLOCKS)}
        assert {key: now.get(key) for key in self.pinned} == self.pinned
        self.pinned = now


# An example of twelve steps costs about two seconds; what fails is told as it is, for shrinking would take minutes.
@pytest.mark.timeout(240)
def test_no_order_of_events_breaks_a_law(database_url: str, redis_url: str) -> None:
    """Leads, hints, clocks, answers, people and policies in any order: custody, clock and policy stay lawful."""
    with open_pipeline(database_url, redis_url) as pipeline, open_pipeline(database_url, redis_url) as other:
        Clock.pipeline, Clock.other = pipeline, other

        run_state_machine_as_test(
            Clock,
            settings=settings(
                max_examples=20,
                stateful_step_count=14,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )

        assert pipeline.breaches() == []

"""What the reps of the demonstration answer: some accept and act, some hand back with a reason, some stay silent."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from shared.bus.context import Context
from shared.console import note, print_table, say
from shared.db.transaction import transaction
from workers.demo import queries
from workers.demo.queries import Offer

SOURCE = "/crm/answers"
#: Enough leads that every measure of the hand-off has something to count.
LEADS = 600
#: Answers are settled within a second or two; a machine that needs twenty times as long is broken.
PATIENCE_SECONDS = 40.0
_LOOK_SECONDS = 0.2
_SEED = 20
#: Of a hundred leads: accepted, handed back; the rest hears nothing yet.
_ACCEPTED, _RECYCLED = 70, 12
#: Of a hundred accepted leads so many are touched, of those so many book a meeting, of those so many convert.
_TOUCHED, _BOOKED, _CONVERTED = 85, 40, 45
_REASONS = ("timing", "timing", "timing", "not_icp", "wrong_role", "support")
#: What becomes of a deal: the CRM says so by the opportunity's stage.
_STAGES = ("Negotiation", "Closed Won", "Closed Lost")


@dataclass(frozen=True, slots=True)
class _Sayer:
    """Draws what a CRM says of leads."""

    rng: random.Random

    def about(self, offer: Offer) -> Iterator[dict[str, Any]]:
        """Yield what is said about one lead, in order: as (type, data)."""
        who = {"lead_id": offer.lead_id, "rep_id": offer.owner}
        chance = self.rng.randrange(100)
        if chance < _ACCEPTED:
            yield {"type": "lead.accepted", "data": who}
            yield from self._worked(offer, who)
        elif chance < _ACCEPTED + _RECYCLED:
            yield {"type": "lead.recycled", "data": who | {"reason": self.rng.choice(_REASONS)}}

    def _worked(self, offer: Offer, who: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if self.rng.randrange(100) >= _TOUCHED:
            return
        yield {"type": "lead.touched", "data": who | {"kind": "call", "outcome": "reached"}}
        if self.rng.randrange(100) >= _BOOKED:
            return
        yield {"type": "lead.meeting_booked", "data": who}
        if self.rng.randrange(100) < _CONVERTED:
            deal = {"opportunity_id": f"deal-{offer.lead_id}", "amount": self.rng.randrange(4, 60) * 1000}
            yield {"type": "lead.converted", "data": who | deal}
            yield {"type": "opportunity.upserted", "data": self._opportunity(offer, deal)}

    def _opportunity(self, offer: Offer, deal: dict[str, Any]) -> dict[str, Any]:
        stage = self.rng.choice(_STAGES)
        return deal | {"stage": stage, "is_open": stage == _STAGES[0], "owner_rep_id": offer.owner}


def make_answers(offers: Sequence[Offer], now: datetime) -> list[bytes]:
    """Return the events of the CRM about these leads; the same offers and instant give the same bytes."""
    sayer = _Sayer(random.Random(_SEED))  # noqa: S311  not a secret
    said = (one for offer in offers for one in sayer.about(offer))
    return [
        orjson.dumps({"specversion": "1.0", "id": f"answer-{number:05}", "source": SOURCE, "time": now, **one})
        for number, one in enumerate(said)
    ]


def let_reps_answer(context: Context) -> bool:
    """Publish the answers, wait until all are settled, and print what became of them; say whether all were."""
    with transaction(context.engine) as tx:
        offers = queries.load_offers(tx, LEADS)
        read = queries.load_standing(tx).read
    events = make_answers(offers, datetime.now(UTC))
    say()
    say("== What the reps answer")
    note(f"publishing {len(events)} answers about {len(offers)} leads")
    context.stream.publish(events)
    settled = _wait_until_settled(context, read + len(events))
    with transaction(context.engine) as tx:
        print_table(["answer", "what became of it", "leads"], queries.load_answers(tx, SOURCE))
    silent = len(offers) - len({_lead_of(event) for event in events} - {None})
    say(f"Of {len(offers)} leads {silent} have no answer yet: their clocks run on.")
    return settled


def _lead_of(event: bytes) -> Any:
    return orjson.loads(event)["data"].get("lead_id")


def _wait_until_settled(context: Context, read: int) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with transaction(context.engine) as tx:
            standing = queries.load_standing(tx)
            is_settled = standing.read >= read and not standing.moving and not queries.count_unsettled(tx)
        if is_settled:
            return True
        time.sleep(_LOOK_SECONDS)
    return False

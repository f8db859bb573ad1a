"""What a competent engineer writes first: four chained tasks per lead, a transaction in each, and two countdowns."""

import os
from datetime import UTC, datetime
from typing import Any

from celery import Celery, chain
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from tests.benchmarks.naive.tables import AREAS, COMPANIES, Assignment, Deal, Lead, Seller, Session

#: Where the messages go; set by who starts the worker.
BROKER = "BENCH_NAIVE_REDIS"
#: What is promised to who submits a form: a reminder after two hours, another seller after four.
_REMIND_SECONDS, _MOVE_SECONDS = 7_200, 14_400

app = Celery("naive", broker=os.environ.get(BROKER, "redis://127.0.0.1:6379/1"))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=4,
    # Longer than the longest countdown, or every timer would be delivered twice.
    broker_transport_options={"visibility_timeout": 6 * 3600},
    task_routes={"*.check_clock": {"queue": "clocks"}},
)


@app.task  # type: ignore[untyped-decorator]  # as everybody writes it
def enrich(submission: dict[str, Any]) -> int:
    """Write the lead with what follows from its submission; the same event again finds its lead."""
    employees = submission["employees"]
    with Session.begin() as session:
        session.execute(
            insert(Lead)
            .values(
                event_id=submission["id"],
                email=submission["email"],
                domain=submission["email"].partition("@")[2],
                company=submission["company"],
                country=submission["country"],
                employees=employees,
                segment="smb" if employees < 50 else "mid_market" if employees < 1000 else "enterprise",
                area=submission["postal_code"] % AREAS,
                score=min(100, 10 + employees // 50),
                submission=submission,
            )
            .on_conflict_do_nothing(index_elements=["event_id"])
        )
        return session.scalar(select(Lead.lead_id).where(Lead.event_id == submission["id"])) or 0


@app.task  # type: ignore[untyped-decorator]  # as everybody writes it
def deduplicate(lead_id: int) -> int:
    """Find the open deal of the lead's company."""
    with Session.begin() as session:
        lead = session.get_one(Lead, lead_id)
        wanted = select(Deal).where(Deal.domain == lead.domain, Deal.is_open).order_by(Deal.deal_id).limit(1)
        deal = session.scalar(wanted)
        lead.deal_id = deal.deal_id if deal else None
        lead.status = "matched" if deal else "unmatched"
    return lead_id


@app.task  # type: ignore[untyped-decorator]  # as everybody writes it
def assign(lead_id: int) -> int:
    """Give the lead to the seller of its deal, else to the least loaded seller of its area who is not locked."""
    with Session.begin() as session:
        if session.scalar(select(Assignment.assignment_id).where(Assignment.lead_id == lead_id)):
            return lead_id
        lead = session.get_one(Lead, lead_id)
        if lead.deal_id:
            wanted, reason = select(Deal.seller_id).where(Deal.deal_id == lead.deal_id), "deal"
        else:
            in_area = select(Seller.seller_id).where(Seller.area == lead.area).order_by(Seller.open_leads)
            wanted, reason = in_area.limit(1).with_for_update(skip_locked=True), "area"
        seller_id = session.scalar(wanted)
        session.execute(
            insert(Assignment).values(lead_id=lead_id, seller_id=seller_id, reason=reason).on_conflict_do_nothing()
        )
        session.execute(update(Seller).where(Seller.seller_id == seller_id).values(open_leads=Seller.open_leads + 1))
        lead.status = "assigned"
    return lead_id


@app.task  # type: ignore[untyped-decorator]  # as everybody writes it
def arm(lead_id: int) -> int:
    """Start the lead's two timers."""
    with Session.begin() as session:
        session.get_one(Lead, lead_id).armed_at = datetime.now(UTC)
    check_clock.apply_async((lead_id, "overdue"), countdown=_REMIND_SECONDS)
    check_clock.apply_async((lead_id, "move"), countdown=_MOVE_SECONDS)
    return lead_id


@app.task  # type: ignore[untyped-decorator]  # as everybody writes it
def check_clock(lead_id: int, step: str) -> None:
    """Mark a lead that nobody has accepted in time."""
    with Session.begin() as session:
        given = session.scalar(select(Assignment).where(Assignment.lead_id == lead_id))
        if given is not None and given.accepted_at is None:
            session.get_one(Lead, lead_id).status = step


def submit(number: int) -> None:
    """Publish the chain of one lead."""
    submission = {
        "id": f"n-{number}",
        "email": f"person{number}@company{number * 7919 % COMPANIES}.example",
        "company": f"Company {number}",
        "country": "US",
        "employees": 5 + number * 37 % 5000,
        "postal_code": 10_000 + number,
        "job_title": "COO",
        "lead_type": "demo_request",
        "campaign": "q4-brand",
        "landing_page": "/demo",
        "declared_need": "replace spreadsheets",
    }
    chain(enrich.s(submission), deduplicate.s(), assign.s(), arm.s()).apply_async()

"""What a policy that says little means: the smallest one is a pool, a queue and a rule."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from shared.domain.rep import EVERYONE
from shared.domain.target import Target, TargetKind
from shared.policy.document import (
    Buffer,
    Ladders,
    PolicyDocument,
    Queue,
    QueueKind,
    RecycleReason,
    SlaEntry,
    Step,
    StepAction,
    Track,
)

#: Long enough for enrichment to answer, short enough to keep the five minutes of the agreement.
DEFAULT_BUFFER: Final = Buffer(timedelta(minutes=3), timedelta(minutes=5))

#: The agreed response time: overdue at two hours, into the shared pool at four.
OVERDUE_AFTER: Final = timedelta(hours=2)
SHARK_TANK_AFTER: Final = timedelta(hours=4)

#: A claim queue that nobody claims from is brought before its owner after this.
UNCLAIMED_AFTER: Final = timedelta(hours=1)

SHARK_TANK: Final = "shark_tank"
SUPPORT: Final = "support"
PRODUCT_FEEDBACK: Final = "product_feedback"

_LONG_TERM: Final = Target(TargetKind.NURTURE, "long_term")
_SUBMITTED: Final = "lead.submitted"
_PRICING: Final = "signal:pricing_page_view"

_TRACKS: Final = (
    Track("long_term", wakes_on=(_SUBMITTED,)),
    Track("re_engage", wakes_on=(_SUBMITTED, _PRICING)),
    Track("value", wakes_on=(_SUBMITTED,), alert_on=(_PRICING,)),
    Track("until_changed", wakes_on=("lead.corrected",)),
)

_RECYCLE: Final = (
    RecycleReason("timing", Target(TargetKind.NURTURE, "re_engage"), timedelta(days=90), (), "offer came too early"),
    RecycleReason("budget", Target(TargetKind.NURTURE, "value"), insight="price or packaging"),
    RecycleReason("feature_gap", Target(TargetKind.QUEUE, PRODUCT_FEEDBACK), None, ("feature.shipped",), "product gap"),
    RecycleReason("not_icp", Target(TargetKind.SUPPRESS), insight="targeting or form qualification too broad"),
    RecycleReason("wrong_role", _LONG_TERM, insight="messaging attracts researchers"),
    RecycleReason("no_current_need", _LONG_TERM, timedelta(days=180), insight="educational rather than buying intent"),
    RecycleReason(
        "invalid_contact",
        Target(TargetKind.NURTURE, "until_changed"),
        insight="form validation or list source weak",
    ),
    RecycleReason("duplicate", Target(TargetKind.MERGE), insight="matching rules need review"),
    RecycleReason("existing_customer", Target(TargetKind.OWNER, "account"), insight="suppression logic"),
    RecycleReason("support", Target(TargetKind.DIVERT, SUPPORT), insight="form purpose unclear"),
)


def complete(document: PolicyDocument) -> PolicyDocument:
    """Fill in every section that the document leaves out, and the queues that those defaults need."""
    needed: list[Queue] = []
    owner = document.owner or next((queue.owner for queue in document.queues.values() if queue.owner), "")
    changes: dict[str, object] = {}
    if not document.sla:
        tank = _claim_queue(document, owner)
        needed.append(tank)
        changes["sla"] = (SlaEntry(default_ladders(tank.name)),)
    if not document.recycle:
        changes["recycle"] = {reason.name: reason for reason in _RECYCLE}
        needed += [Queue(name, QueueKind.FEEDBACK, owner) for name in (SUPPORT, PRODUCT_FEEDBACK)]
    # A team's own tracks stand as they are; those that only the default reasons use are added beside them.
    if not document.tracks or not document.recycle:
        changes["tracks"] = {track.name: track for track in _TRACKS} | dict(document.tracks)
    qualification = document.qualification
    if qualification is not None and qualification.otherwise is None:
        changes["qualification"] = replace(qualification, otherwise=_LONG_TERM)
    given = {queue.name: queue if queue.owner else replace(queue, owner=owner) for queue in document.queues.values()}
    changes["queues"] = given | {queue.name: queue for queue in needed if queue.name not in given}
    changes["buffer"] = {"default": DEFAULT_BUFFER} | dict(document.buffer)
    return replace(document, **changes)  # type: ignore[arg-type]  # the keys above are fields of the document


def default_ladders(queue: str) -> Ladders:
    """Overdue and the manager told at two hours, into the queue at four."""
    return Ladders(
        accept=(
            Step(OVERDUE_AFTER, StepAction.FLAG_OVERDUE, "manager"),
            Step(
                SHARK_TANK_AFTER,
                StepAction.MOVE_TO,
                to=Target(TargetKind.QUEUE, queue),
                log="non_response",
            ),
        )
    )


def _claim_queue(document: PolicyDocument, owner: str) -> Queue:
    """The document's first claim queue, or one that every rep may claim from."""
    for queue in document.queues.values():
        if queue.kind is QueueKind.CLAIM:
            return queue
    return Queue(
        SHARK_TANK,
        QueueKind.CLAIM,
        owner,
        members=EVERYONE,
        escalate_after=UNCLAIMED_AFTER,
        escalate_to=owner or None,
    )

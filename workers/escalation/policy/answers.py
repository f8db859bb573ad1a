"""What an answer does, and when it is refused: a rep accepts or recycles, touches, sees, books, converts. Pure.

An acceptance that comes late still counts while the rep has the lead; who has lost it is told who has it now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.custody.states import RepState
from shared.domain.duration import format_duration
from shared.domain.lead import IN_CUSTODY, LIVING, OwnerKind, Status
from shared.policy.document import Queue, RecycleReason


class Kind(StrEnum):
    """The answers there are; anything else is refused."""

    ACCEPT = "accepted"
    RECYCLE = "recycled"
    TOUCH = "touched"
    CLAIM = "claimed"
    SEE = "seen"
    BOOK = "meeting_booked"
    CONVERT = "converted"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a rep about one lead; `number` is its event's number, 0 for a command's."""

    kind: Kind
    lead_id: int
    rep_id: str
    number: int = 0
    #: Who sent it, when that is not the rep.
    sent_by: str | None = None
    reason: str | None = None
    note: str | None = None
    of: int | None = None
    #: What else was said: the kind of a touch and its outcome, the opportunity and its amount.
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def made_by(self) -> str:
        """Return who is on the record for it."""
        return self.sent_by or self.rep_id


@dataclass(frozen=True, slots=True)
class Held:
    """A lead as its answers find it, under its lock."""

    lead_id: int
    status: Status
    owner_kind: OwnerKind | None
    owner: str | None
    epoch: int = 0
    policy_version: int | None = None
    rule: str | None = None
    pool: str | None = None
    touched: bool = False
    seen: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer stands; `refusal` is the sentence for who gave it, `known` says that it changes nothing."""

    answer: Answer
    refusal: str | None = None
    known: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What answers are held against: the policy's reasons and queues, the reps under their locks, recent claims.

    `claims` counts each rep's claims within the window of a queue's limit, by (queue, rep); `let_go` names who lost a
    pooled lead by not answering.
    """

    now: datetime
    recycle: Mapping[str, RecycleReason]
    queues: Mapping[str, Queue]
    reps: Mapping[str, RepState]
    claims: Mapping[tuple[str, str], int] = field(default_factory=dict)
    let_go: Mapping[int, str] = field(default_factory=dict)


def judge(answer: Answer, lead: Held | None, rules: Rules, original: Held | None = None) -> Verdict:
    """Say whether an answer stands; `original` is the lead that a duplicate is said to repeat."""
    if lead is None:
        return Verdict(answer, f"There is no lead {answer.lead_id}.")
    rep = rules.reps.get(answer.rep_id)
    if rep is None:
        return Verdict(answer, f"There is no rep {answer.rep_id}.")
    if answer.kind is Kind.CONVERT:
        return _judge_convert(answer, lead)
    if answer.kind is Kind.CLAIM:
        return _judge_claim(answer, lead, rep, rules)
    return _judge_owner(answer, lead) or _judge_kind(answer, lead, rules, original)


def _judge_owner(answer: Answer, lead: Held) -> Verdict | None:
    """Refuse an answer of somebody who does not have the lead."""
    if lead.status not in IN_CUSTODY:
        return Verdict(answer, f"Lead {lead.lead_id} is {lead.status}: nobody has to answer for it.")
    if lead.owner_kind is OwnerKind.QUEUE:
        return Verdict(answer, f"Lead {lead.lead_id} lies in the queue {lead.owner} now.")
    if lead.owner != answer.rep_id:
        return Verdict(answer, f"Lead {lead.lead_id} belongs to {lead.owner} now, not to {answer.rep_id}.")
    return None


def _judge_kind(answer: Answer, lead: Held, rules: Rules, original: Held | None) -> Verdict:
    match answer.kind:
        case Kind.ACCEPT:
            return Verdict(answer, known=lead.status is Status.ACCEPTED)
        case Kind.SEE:
            return Verdict(answer, known=lead.seen)
        case Kind.RECYCLE:
            return _judge_recycle(answer, rules, original)
        case Kind.BOOK if lead.status is not Status.ACCEPTED:
            return Verdict(answer, f"Lead {lead.lead_id} is not accepted yet: accept it before a meeting is booked.")
        case _:
            return Verdict(answer)


def _judge_recycle(answer: Answer, rules: Rules, original: Held | None) -> Verdict:
    if answer.reason is None:
        return Verdict(answer, f"A recycled lead needs a reason: {', '.join(rules.recycle)}.")
    if answer.reason not in rules.recycle:
        return Verdict(answer, f"{answer.reason!r} is no reason; the reasons are {', '.join(rules.recycle)}.")
    if answer.reason == "duplicate" and answer.of is None:
        return Verdict(answer, "A duplicate needs the lead that it repeats: say of which one (of).")
    if answer.reason == "duplicate" and (original is None or original.status not in LIVING):
        return Verdict(answer, f"There is no living lead {answer.of} that this one could repeat.")
    if answer.of == answer.lead_id:
        return Verdict(answer, f"Lead {answer.lead_id} cannot be a duplicate of itself.")
    return Verdict(answer)


def _judge_convert(answer: Answer, lead: Held) -> Verdict:
    """The CRM's word is final, whoever gives it; only what has left sales for good cannot become an opportunity."""
    if lead.status is Status.CONVERTED:
        return Verdict(answer, known=True)
    if lead.status not in IN_CUSTODY and lead.status is not Status.NURTURING:
        return Verdict(answer, f"Lead {lead.lead_id} is {lead.status} and cannot be converted.")
    return Verdict(answer)


def _judge_claim(answer: Answer, lead: Held, rep: RepState, rules: Rules) -> Verdict:
    queue = rules.queues.get(lead.owner or "")
    wanted = answer.details.get("from")
    if lead.status is Status.POOLED and wanted and wanted != lead.owner:
        return Verdict(answer, f"Lead {lead.lead_id} lies in {lead.owner} and not in {wanted}.")
    if lead.status is not Status.POOLED or queue is None:
        where = f"belongs to {lead.owner}" if lead.owner_kind is OwnerKind.REP else f"is {lead.status}"
        return Verdict(answer, f"Lead {lead.lead_id} cannot be claimed: it {where} now.")
    return Verdict(answer, _claim_problem(lead, queue, rep, rules))


def _claim_problem(lead: Held, queue: Queue, rep: RepState, rules: Rules) -> str | None:
    """Say why this rep cannot claim from this queue now; None when nothing stands in the way."""
    rep_id = rep.rep.rep_id
    if not rep.rep.is_active:
        return f"{rep_id} has departed and cannot claim."
    if queue.members is not None and not queue.members.matches(rep.rep):
        return f"{rep_id} is not a member of {queue.name}: the policy says who may claim there."
    absence = rep.away_at(rules.now)
    if absence is not None:
        return f"{rep_id} is away until {absence.ends_at:%Y-%m-%d %H:%M} UTC and cannot claim: end the absence first."
    limit = queue.claim_limit
    if limit is not None and rules.claims.get((queue.name, rep_id), 0) >= limit.count:
        within = format_duration(limit.per)
        return (
            f"{rep_id} has claimed {limit.count} leads within {within}, the limit of {queue.name}: let another claim."
        )
    if rules.let_go.get(lead.lead_id) == rep_id and _has_others(queue, rep_id, rules):
        return f"{rep_id} let lead {lead.lead_id} go unanswered: somebody else may claim it."
    return None


def _has_others(queue: Queue, rep_id: str, rules: Rules) -> bool:
    """Say whether anybody else could claim from the queue now."""
    return any(
        state.rep.is_active
        and state.rep.rep_id != rep_id
        and (queue.members is None or queue.members.matches(state.rep))
        and state.away_at(rules.now) is None
        for state in rules.reps.values()
    )

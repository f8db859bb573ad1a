"""Which nurtured leads a signal or a shipped feature wakes, and which it only reports. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.custody.move import Notice
from shared.domain.notice import Addressee, NoticeKind
from shared.policy.compile import Policy

FEATURE_SHIPPED = "feature.shipped"


@dataclass(frozen=True, slots=True)
class Signal:
    """What somebody did, by e-mail key or lead; or a feature that shipped."""

    name: str
    email_key: str | None = None
    lead_id: int | None = None
    feature: str | None = None


@dataclass(frozen=True, slots=True)
class Nurtured:
    """A nurtured lead under its lock: its track, why it is there, what was noted then, and who had it last."""

    lead_id: int
    track: str
    email_key: str | None = None
    recycle_reason: str | None = None
    note: str | None = None
    former_owner: str | None = None
    test: bool = False


@dataclass(slots=True)
class Reaction:
    """Leads that wake, each by what, and whom to tell about the others."""

    waking: dict[int, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


def react(policy: Policy, signals: Sequence[Signal], leads: Sequence[Nurtured]) -> Reaction:
    """Say what the signals do to the nurtured leads; one that wakes is not reported as well."""
    reaction = Reaction()
    for signal in signals:
        for lead in leads:
            if lead.lead_id not in reaction.waking and _is_about(signal, lead):
                _apply(policy, signal, lead, reaction)
    return reaction


def _is_about(signal: Signal, lead: Nurtured) -> bool:
    if signal.feature is not None:
        # A rep who wrote down which feature was missing is taken by the word; a blank note waits for any.
        return not lead.note or signal.feature.casefold() in lead.note.casefold()
    return signal.lead_id == lead.lead_id or (signal.email_key is not None and signal.email_key == lead.email_key)


def _apply(policy: Policy, signal: Signal, lead: Nurtured, reaction: Reaction) -> None:
    track, reason = policy.tracks.get(lead.track), policy.recycle.get(lead.recycle_reason or "")
    wakes_on = {*(track.wakes_on if track else ()), *(reason.wakes_on if reason else ())}
    word = FEATURE_SHIPPED if signal.feature is not None else f"signal:{signal.name}"
    if word in wakes_on:
        reaction.waking[lead.lead_id] = word
    elif track is not None and word in track.alert_on and not lead.test:
        recipient, addressee = (
            (lead.former_owner, Addressee.REP) if lead.former_owner else (policy.owner, Addressee.OPS)
        )
        body = {"signal": signal.name, "track": lead.track}
        reaction.notices.append(Notice(NoticeKind.SIGNAL, recipient, addressee, (lead.lead_id,), body))

"""Who is told when the policy changes, and what: those who answer for it and for the stages it decides about."""

from datetime import datetime

from shared.custody.move import Notice
from shared.domain.notice import Addressee, NoticeKind
from shared.policy.difference import differences, summary
from shared.policy.document import PolicyDocument


def heralds(former: PolicyDocument, document: PolicyDocument, text: str) -> list[Notice]:
    """Return a notice for each who answers for either policy, or for a stage of the new one."""
    owners = (former.owner, document.owner, *document.stage_owners.values())
    return [
        Notice(NoticeKind.POLICY, address, Addressee.OPS, (), {"text": text})
        for address in dict.fromkeys(owners)
        if address
    ]


def change_words(
    former: tuple[int, PolicyDocument], version: int, document: PolicyDocument, *, by: str, at: datetime | None
) -> str | None:
    """Say what an activation changes, None where it changes nothing that the policy says."""
    number, old = former
    changes = differences(old, document)
    if not changes:
        return None
    when = "is in force" if at is None else f"is planned for {at:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"Version {version} ({document.name}) {when}, by {by}. It changes {summary(changes)}: "
        f"baton policy diff {number} {version}"
    )


def cancelled_words(version: int, document: PolicyDocument, *, by: str, at: datetime) -> str:
    """Say that a plan was taken back."""
    return f"Version {version} ({document.name}) does not take effect at {at:%Y-%m-%d %H:%M:%S} UTC: taken back by {by}"

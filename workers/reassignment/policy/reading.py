"""From plain words, as a command line or a message carries them, to the order of a bulk move."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.domain.duration import parse_duration
from shared.domain.lead import IN_CUSTODY, Status
from shared.domain.target import Target, TargetKind
from shared.errors import UsageError
from workers.reassignment.policy.order import EXPIRES_AFTER, USUAL_STATUSES, Order, Scope

#: What names leads; one of them at least must be there, or every lead of the company would be meant by mistake.
SCOPES = ("rep", "team", "territory", "rule", "status", "created_before", "older_than", "leads", "policy_diff")
_CLOCKS = ("restart", "keep")
_ACCEPTED = ("offer", "keep")


def read_order(
    words: Mapping[str, Any], leads: Mapping[int, Target | None] | None, difference: tuple[int, int] | None
) -> Order:
    """Return the order; raises UsageError that names the word and the mend.

    `leads` are the named ones, found already, and `difference` the versions that `policy_diff` stands for.
    """
    if not any(words.get(name) for name in SCOPES):
        raise UsageError("Say which leads are meant: a rep, a team, a territory, a rule, a status, an age, or a file.")
    scope = _scope(words, leads, difference)
    target = read_target(words.get("to"))
    if words.get("to") is None and difference is None and not any((leads or {}).values()):
        raise UsageError("Say where the leads are to go: --to rep R, --to pool P, --to queue Q, or --to policy.")
    return Order(
        scope=scope,
        target=target,
        clock=_one_of("clock", words.get("clock"), _CLOCKS),
        accepted=_one_of("accepted", words.get("accepted"), _ACCEPTED),
        cap=_positive(words.get("cap")),
        note=words.get("note"),
        made_by=words.get("by") or "system",
        expires_after=parse_duration(words["expires"]) if words.get("expires") else EXPIRES_AFTER,
        request_id=words.get("request_id"),
    )


def _scope(
    words: Mapping[str, Any], leads: Mapping[int, Target | None] | None, difference: tuple[int, int] | None
) -> Scope:
    return Scope(
        rep=words.get("rep"),
        team=words.get("team"),
        territory=words.get("territory"),
        rule=words.get("rule"),
        statuses=_statuses(words.get("status"), everything=leads is not None),
        created_before=read_instant(words.get("created_before")),
        older_than=parse_duration(words["older_than"]) if words.get("older_than") else None,
        leads=leads,
        difference=difference,
    )


def read_target(text: str | None) -> Target | None:
    """Return where leads are to go; None is the policy. A name alone is a rep."""
    if text is None or text.strip() in {"", "policy"}:
        return None
    written = text.strip()
    kind, colon, _ = written.partition(":")
    return Target.parse(written if colon and kind in set(TargetKind) else f"rep:{written}")


def read_instant(text: str | None) -> datetime | None:
    """Return an instant as ISO 8601 has it; without an offset it is UTC."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no instant: write it as in 2026-11-21 or 2026-11-21T09:00:00Z.") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _statuses(text: str | None, *, everything: bool) -> tuple[Status, ...]:
    if not text:
        return tuple(sorted(IN_CUSTODY)) if everything else USUAL_STATUSES
    words = [word.strip() for word in text.split(",") if word.strip()]
    wrong = [word for word in words if word not in IN_CUSTODY]
    if wrong:
        raise UsageError(f"Nobody holds a lead that is {wrong[0]!r}: name {', '.join(sorted(IN_CUSTODY))}.")
    return tuple(Status(word) for word in words)


def _one_of(name: str, word: str | None, words: tuple[str, ...]) -> str:
    if word is None:
        return words[0]
    if word not in words:
        raise UsageError(f"{name} is {word!r}: it is {' or '.join(words)}.")
    return word


def _positive(number: Any) -> int | None:
    if number is None:
        return None
    if not isinstance(number, int) or number < 1:
        raise UsageError(f"cap is {number!r}: it is a whole number of leads, at least 1.")
    return number

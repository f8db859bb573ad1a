"""The closed words of decisions as sentences for people; a word that is not known here is shown as it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

#: What came of one target of a cascade.
_RESULTS = MappingProxyType(
    {
        "taken": "took the lead",
        "no_one_available": "nobody there can take a lead now",
        "closed": "outside its hours, the lead waits for them",
        "departed": "has departed",
        "away": "is away",
        "covered": "is away and covered",
        "at_capacity": "holds as many leads as capacity allows",
        "no_owner": "there is no such owner",
        "unknown_rep": "is not among the reps",
        "let_it_go": "let the lead go unanswered",
        "not_for_new_leads": "means nothing for a lead without an owner",
    }
)

#: Why a member of a pool cannot be given a lead.
_EXCLUSIONS = MappingProxyType(
    {
        "not_a_member": "no longer a member",
        "departed": "departed",
        "away": "away",
        "closed": "outside working hours",
        "at_capacity": "holds as many leads as capacity allows",
        "capped": "has had as many leads as the pool's cap allows",
        "no_weight": "has weight 0",
    }
)

_HELD = MappingProxyType(
    {
        "unknown": "no rule could be decided without {}",
        "not_understood": "what was given as {} cannot be understood",
        "vocabulary": "the word given as {} is not in the policy's vocabulary",
        "cannot_be_processed": "five attempts at {} failed",
        "no_rule": "only the catch-all takes it",
        "rule": "a rule sends such leads here",
        "no_one_available": "nobody was available; it is decided again as soon as somebody is",
        "closed": "the pool waits for its hours",
        "owner_departed": "its owner has departed",
        "manual": "it was put here by hand",
        "escalated": "its clock ran out",
    }
)

_MENDS = MappingProxyType(
    {
        "unknown": "baton lead correct {lead} --set {field}=…",
        "not_understood": "baton lead correct {lead} --set {field}=…",
        "vocabulary": "baton lead correct {lead} --set {field}=…, or add the word to the policy and retry the queue",
        "cannot_be_processed": "baton queue retry {queue}, when the cause is mended",
        "no_rule": "baton lead assign {lead} --to …, or a rule for such leads",
        "rule": "baton lead assign {lead} --to …",
        "manual": "baton lead assign {lead} --to …",
        "recycled": "baton lead assign {lead} --to …",
    }
)


def result_words(result: str) -> str:
    """Say what came of a target."""
    return _RESULTS.get(result, result.replace("_", " "))


def exclusion_words(reason: str | None) -> str | None:
    """Say why a member cannot be given a lead; None for who can."""
    return None if reason is None else _EXCLUSIONS.get(reason, reason.replace("_", " "))


def hold_words(hold_reason: str) -> str:
    """Say why a lead is held."""
    kind, _, what = hold_reason.partition(":")
    if kind == "recycled":
        return f"sales gave it back{f': {what}' if what else ''}".replace("_", " ")
    return _HELD.get(kind, hold_reason.replace("_", " ")).format(what.replace(",", ", ") or "a fact")


def hold_mend(hold_reason: str, lead: int, queue: str) -> str | None:
    """Say what a person can do about a held lead; None when it mends itself."""
    kind, _, what = hold_reason.partition(":")
    mend = _MENDS.get(kind)
    return mend and mend.format(lead=lead, queue=queue, field=what.partition(",")[0] or "field")


def span_words(span: timedelta) -> str:
    """Say how long something takes, in its two largest units: `3d 4h`, `1h 5m`, `12m`; below a second, `0.2s`."""
    seconds = abs(span.total_seconds())
    if seconds < 1:
        return f"{seconds:.1g}s" if seconds >= 0.001 else "0s"
    days, rest = divmod(int(seconds), 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    first = next(place for place, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number}{unit}" for number, unit in parts[first : first + 2] if number)


def due_words(due_at: datetime, now: datetime) -> str:
    """Say when something is due, seen from now."""
    words = span_words(due_at - now)
    return f"in {words}" if due_at > now else f"{words} ago"


def decision_words(stage: str, outcome: str, rule: str | None, detail: Mapping[str, Any]) -> list[str]:
    """Say in sentences why a decision came out as it did."""
    teller = _TELLERS.get(stage)
    told = teller(outcome, rule, detail) if teller else []
    return told or _plain(detail)


def _enrichment(outcome: str, rule: str | None, detail: Mapping[str, Any]) -> list[str]:
    del outcome, rule
    told = [_provider(one) for one in _list(detail, "providers")]
    if detail.get("waiting_for_vendors"):
        told.append("waits for the vendors' answers")
    if detail.get("missing_providers"):
        told.append(f"no answer from {', '.join(detail['missing_providers'])}")
    if "icp" in detail:
        told.append(f"{'fits' if detail['icp'] else 'does not fit'} the ideal customer, intent {detail.get('intent')}")
    told += [f"{name}: {', '.join(detail[key])}" for key, name in _GAPS.items() if detail.get(key)]
    return told


_GAPS = MappingProxyType({"blanks": "blank", "bad": "not understood"})


def _provider(one: Mapping[str, Any]) -> str:
    by = f" by {one['by']}" if one.get("by") else ""
    outcome = str(one.get("outcome")).replace("_", " ")
    return f"{one.get('name')}: {'knows nothing' if outcome == 'missing' else outcome}{by}"


def _deduplication(outcome: str, rule: str | None, detail: Mapping[str, Any]) -> list[str]:
    del rule
    if outcome in {"joined", "woken"}:
        joined = ", ".join(f"lead {one.get('lead')} by {one.get('by')}" for one in _list(detail, "joined"))
        return [f"{'woken by' if outcome == 'woken' else 'joined by'} {joined}"] if joined else []
    return [*_person(detail.get("person") or {}), *_account(detail.get("account") or {})]


def _person(person: Mapping[str, Any]) -> list[str]:
    told = {
        "survives": "no other lead stands for this person",
        "merges": f"the same person as lead {person.get('lead')}, by {person.get('by')}",
        "wakes": f"the same person as lead {person.get('lead')}, by {person.get('by')}, which it wakes",
        "suppressed": f"lead {person.get('lead')} of this person was suppressed for good",
    }.get(str(person.get("outcome")))
    rivals = [
        f"lead {one.get('lead')} has the same {one.get('by')}: {one.get('verdict')}"
        for one in person.get("seen") or ()
        if one.get("verdict") != "same person"
    ]
    return [*([told] if told else []), *rivals]


def _account(account: Mapping[str, Any]) -> list[str]:
    if not account:
        return []
    if account.get("id") is None:
        return ["no account"]
    score, tie = account.get("score"), account.get("tie_break")
    alike = f" ({score:.2f} alike)" if isinstance(score, float) and score < 1 else ""
    among = f", preferred for {str(tie).replace('_', ' ')}" if tie else ""
    return [f"account {account['id']} by {account.get('by')}{alike}{among}"]


def _assignment(outcome: str, rule: str | None, detail: Mapping[str, Any]) -> list[str]:
    if outcome == "taken_back":
        return [f"{detail.get('former_owner')} has departed"]
    told = []
    directive = detail.get("directive") or {}
    if directive:
        let_go = f", away from {directive['without']}" if directive.get("without") else ""
        told.append(f"sent on by {directive.get('reason')}{let_go}")
    qualification = detail.get("qualification") or {}
    if not directive and not qualification.get("passed", True):
        failed = ", ".join(qualification.get("failed") or ())
        told.append(f"not qualified{f': {failed}' if failed else ''}")
    if rule:
        told.append(f"rule {rule}")
    told += tried_words(_list(detail, "tried"))
    reason = detail.get("hold_reason")
    return [*told, f"held: {hold_words(reason)}"] if reason else told


def tried_words(tried: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of each target of a cascade what came of it."""
    return [
        f"{one.get('target')}{f' ({rep})' if (rep := one.get('rep')) else ''} {result_words(str(one.get('result')))}"
        for one in tried
    ]


def _ops(outcome: str, rule: str | None, detail: Mapping[str, Any]) -> list[str]:
    if outcome == "corrected":
        return [
            f"{one.get('field')}: {_shown(one.get('from'))} → {_shown(one.get('to'))}"
            for one in _list(detail, "changes")
        ]
    if outcome == "retried":
        return ["taken out of the queue to be decided again"]
    note = detail.get("note")
    return [*([f"by hand: {note}"] if note else []), *_assignment(outcome, rule, detail)]


def _answer(outcome: str, rule: str | None, detail: Mapping[str, Any]) -> list[str]:
    del rule
    if outcome == "claimed":
        return [f"claimed from {detail.get('from') or 'the queue'} by {detail.get('owner')}"]
    note = [f"in their words: {detail['note']}"] if detail.get("note") else []
    if outcome == "recycled":
        of = f" of lead {detail['of']}" if detail.get("of") else ""
        return [f"given back: {_shown(detail.get('recycle_reason'))}{of}", *note]
    return _plain(detail)


def _escalation(outcome: str, rule: str | None, detail: Mapping[str, Any]) -> list[str]:
    del rule
    if outcome == "held" and "attempts" in detail:
        return [f"{detail['attempts']} attempts failed"]
    if "ladder" in detail:
        had = f"; {detail['former_owner']} had it" if detail.get("former_owner") else ""
        return [f"step {detail.get('step')} of the {str(detail['ladder']).replace('_', ' ')} clock fell due{had}"]
    return []


_TELLERS = MappingProxyType(
    {
        "enrichment": _enrichment,
        "deduplication": _deduplication,
        "assignment": _assignment,
        "ops": _ops,
        "answer": _answer,
        "escalation": _escalation,
    }
)


#: Holder and status stand in columns of their own.
_TOLD_ELSEWHERE = frozenset({"owner", "status"})


def _plain(detail: Mapping[str, Any]) -> list[str]:
    return [
        f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in detail.items() if value not in (None, [], {})
    ]


def _list(detail: Mapping[str, Any], name: str) -> list[Any]:
    found = detail.get(name)
    return found if isinstance(found, list) else []


def _shown(value: object) -> str:
    return "unknown" if value is None else str(value)

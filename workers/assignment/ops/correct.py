"""Corrects a lead's facts by hand and lets it be decided again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import Move, apply_moves
from shared.custody.retry import retry
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.domain.lead import Stage, Status
from shared.errors import RefusedError, UsageError
from shared.policy.words import suggestion
from workers.assignment.ops.find import active_policy
from workers.assignment.policy.correction import Change, correct
from workers.assignment.queries import changes as queries
from workers.assignment.queries.changes import Holding

#: The event by which a nurture track says that a correction wakes its leads.
CORRECTED = "lead.corrected"
#: Not a fact of the sheet but the account that the lead belongs to, where matching found none or a wrong one.
ACCOUNT = "account_id"


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was corrected, and the room that decides the lead again."""

    lead_id: int
    changes: tuple[Change, ...]
    next_task: TaskName


def correct_lead(context: Context, lead_id: int, values: Mapping[str, str], *, made_by: str) -> Corrected:
    """Correct facts of a held lead, or of a nurtured one whose track wakes on it, and hand it on.

    A held lead is assigned again; a nurtured one begins again at the match of persons and accounts.
    """
    if not values:
        raise UsageError("Nothing to correct: give --set field=value.")
    with transaction(context.engine, context.publisher) as tx:
        version = active_policy(tx, context.policies)
        holding = queries.lock_lead(tx, lead_id)
        if holding is None:
            raise RefusedError(f"There is no lead {lead_id}.")
        _check_status(version, holding)
        changes = _write(tx, version, holding, values)
        next_task = _decide_again(tx, version, holding, changes, made_by)
    return Corrected(lead_id, tuple(changes), next_task)


def _check_status(version: Version, holding: Holding) -> None:
    lead_id, status = holding.case.lead_id, holding.case.from_status
    if status is Status.HELD:
        return
    if status is Status.NURTURING:
        track = version.policy.tracks.get(holding.track or "")
        if track is not None and CORRECTED in track.wakes_on:
            return
        wakes = ", ".join(track.wakes_on) if track else ""
        mend = f"it wakes on {wakes}" if wakes else "nothing wakes it"
        raise RefusedError(f"Lead {lead_id} is nurtured on {holding.track}, which no correction ends: {mend}.")
    owner = f" with {holding.owner}" if holding.owner else ""
    mend = "`baton lead assign` gives it another place" if owner else "only a held lead is decided again"
    raise RefusedError(f"Lead {lead_id} is {status}{owner}, and what is decided is not decided again: {mend}.")


def _write(tx: Transaction, version: Version, holding: Holding, values: Mapping[str, str]) -> list[Change]:
    facts = {name: value for name, value in values.items() if name != ACCOUNT}
    sheet, changes = correct(holding.sheet, facts)
    if facts:
        _check_words(version, sheet, facts)
        _take_person(tx, version, holding, sheet, facts)
        queries.write_sheet(tx, holding.case.lead_id, sheet)
    if ACCOUNT in values:
        changes.append(_set_account(tx, holding, values[ACCOUNT].strip() or None))
    return changes


def _check_words(version: Version, sheet: Mapping[str, Any], facts: Mapping[str, str]) -> None:
    """Refuse a word that would only hold the lead again."""
    outside = version.policy.derive(sheet["facts"], sheet["bad"]).outside
    vocabulary = version.policy.document.vocabulary
    known: Mapping[str, Sequence[str]] = {"product": vocabulary.product, "lead_type": vocabulary.lead_type}
    for name in facts:
        if name in known and name in outside:
            mend = suggestion(outside[name], known[name])
            raise RefusedError(f"{outside[name]!r} is no {name.replace('_', ' ')} of the policy: {mend}")


def _take_person(
    tx: Transaction, version: Version, holding: Holding, sheet: Mapping[str, Any], facts: Mapping[str, str]
) -> None:
    """Let a corrected address stand for the person, unless another lead does; a nurtured lead is matched anew."""
    key = sheet["facts"].get("email_key")
    if "email" not in facts or key is None or holding.case.from_status is not Status.HELD:
        return
    if ("email",) not in version.policy.matching.person.any:
        return
    holder = queries.take_key(tx, f"email:{str(key).casefold()}", holding.case.lead_id)
    if holder != holding.case.lead_id:
        mend = f"`baton lead recycle {holding.case.lead_id} --reason duplicate --of {holder}`"
        raise RefusedError(f"That address is the person of lead {holder}: {mend}")


def _set_account(tx: Transaction, holding: Holding, account_id: str | None) -> Change:
    if account_id is not None and not queries.has_account(tx, account_id):
        raise RefusedError(f"There is no account {account_id!r}: `baton sync accounts` brings accounts in.")
    queries.write_account(tx, holding.case.lead_id, account_id)
    return Change(ACCOUNT, holding.account_id, account_id)


def _decide_again(
    tx: Transaction, version: Version, holding: Holding, changes: Sequence[Change], made_by: str
) -> TaskName:
    lead_id, detail = holding.case.lead_id, {"changes": [one.as_record() for one in changes]}
    if holding.case.from_status is Status.HELD:
        retry(tx, [lead_id], made_by=made_by, end_reason="corrected", detail=detail)
        tx.hand_on(TaskName.ASSIGN, [lead_id])
        return TaskName.ASSIGN
    queries.forget_recycling(tx, lead_id)
    apply_moves(tx, [_wake(version, holding, detail, made_by)])
    tx.hand_on(TaskName.DEDUPLICATE, [lead_id])
    return TaskName.DEDUPLICATE


def _wake(version: Version, holding: Holding, detail: Mapping[str, Any], made_by: str) -> Move:
    return Move(
        lead_id=holding.case.lead_id,
        from_status=Status.NURTURING,
        status=Status.BUFFERING,
        stage=Stage.OPS,
        outcome="corrected",
        policy_version=version.number,
        # Nobody holds a nurtured lead; this ends the clock of its track.
        end_reason="corrected",
        made_by=made_by,
        detail={"track": holding.track, **detail},
    )

"""Deduplication's one task: one lead per person, and the account it belongs to."""

from collections.abc import Sequence
from dataclasses import replace

from shared.bus.batch_task import batch_task
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.domain.lead import Status
from workers.deduplication import queries
from workers.deduplication.accounts import AccountNames, match_accounts
from workers.deduplication.policy.outcome import Waiting, joinings, key_owners, others, settle, waking_tracks
from workers.deduplication.policy.person import PersonDecision, Submitted, person_keys, resolve_people


@batch_task(TaskName.DEDUPLICATE)
def deduplicate(context: Context, lead_ids: list[int]) -> None:
    """Join each lead of the batch to the living lead of its person, or match it to its account and let it go on."""
    with transaction(context.engine, context.publisher) as tx:
        version = context.policies.active(tx)
        waiting = queries.load_released(tx, lead_ids) if version else []
        if version is None or not waiting:
            return
        leads, decisions = _find_persons(tx, version, waiting)
        accounts = match_accounts(tx, context.shelf(AccountNames), version.policy.matching, leads, decisions)
        woken = queries.record_joinings(tx, joinings(leads, decisions))
        moved = queries.apply_settled(tx, settle(decisions, accounts, version.number))
        tx.hand_on(TaskName.ASSIGN, [lead_id for lead_id, status in moved if status is Status.MATCHED])
        tx.hand_on(TaskName.DEDUPLICATE, woken)


def _find_persons(
    tx: Transaction, version: Version, waiting: Sequence[Waiting]
) -> tuple[list[Waiting], list[PersonDecision]]:
    """Lock the batch and the leads of the same persons, take the keys nobody holds, and decide who joins whom."""
    any_of = version.policy.matching.person.any
    keys = {one.lead_id: person_keys(one.facts, any_of) for one in waiting}
    holders = queries.load_holders(tx, {key for found in keys.values() for key in found})
    known = queries.claim(tx, keys.keys() | set(holders.values()))
    leads = [one for one in waiting if known[one.lead_id].status is Status.BUFFERING]
    # The latest first, so that the earliest lead of the batch takes a key that several of them have.
    wanted = {key: one.lead_id for one in reversed(leads) for key in keys[one.lead_id]}
    held = queries.claim_keys(tx, wanted)
    strangers = others(held, {one.lead_id for one in leads})
    # A key that another batch took between the two looks: its lead is locked late, and the deadlock detector judges.
    late = set(strangers.values()) - known.keys()
    known |= queries.claim(tx, late) if late else {}
    emails = queries.load_email_keys(tx, set(strangers.values()))
    existing = {
        key: replace(known[lead_id], email_keys=emails.get(lead_id, frozenset())) for key, lead_id in strangers.items()
    }
    submitted = [Submitted(one.lead_id, keys[one.lead_id]) for one in leads]
    decisions = resolve_people(submitted, existing, waking_tracks(version.policy.tracks))
    queries.give_keys(tx, key_owners(decisions, held))
    return leads, decisions

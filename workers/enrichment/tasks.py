"""Enrichment's one task: facts are gathered and the lead enters the buffer; vendors are asked in no transaction."""

from collections.abc import Sequence

from shared.bus.batch_task import batch_task
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from workers.enrichment import queries
from workers.enrichment.desk import VendorDesk
from workers.enrichment.gather import gather
from workers.enrichment.policy.dossier import Dossier
from workers.enrichment.policy.sheets import buffered


@batch_task(TaskName.ENRICH)
def enrich(context: Context, lead_ids: list[int]) -> None:
    """Gather the facts of the batch and put its leads into the buffer; without a policy they stay where they are."""
    desk = context.shelf(VendorDesk)
    with transaction(context.engine, context.publisher) as tx:
        version = context.policies.active(tx)
        received = queries.claim(tx, lead_ids) if version else []
        if version is None or not received:
            return
        dossiers = gather(tx, context.settings.providers, received)
        wanting = {one.lead.lead_id for one in dossiers if desk.is_wanted(one, context.settings)}
        _put_into_buffer(tx, version, dossiers, wanting)
    if wanting:
        _complete(context, version, [one for one in dossiers if one.lead.lead_id in wanting])


def _put_into_buffer(tx: Transaction, version: Version, dossiers: Sequence[Dossier], wanting: set[int]) -> None:
    leads = buffered(version.policy, version.number, dossiers, tx.started_at, wanting=wanting)
    moved = set(queries.put_into_buffer(tx, leads))
    free = [lead.lead_id for lead in leads if lead.due_at is None and lead.lead_id in moved]
    tx.hand_on(TaskName.DEDUPLICATE, free)


def _complete(context: Context, version: Version, dossiers: Sequence[Dossier]) -> None:
    """Ask the vendors; who answers in time is used, and at the buffer's maximum a lead goes on with what it has."""
    completed = context.shelf(VendorDesk).ask(context, dossiers)
    with transaction(context.engine, context.publisher) as tx:
        leads = buffered(version.policy, version.number, completed, tx.started_at, wanting=set())
        tx.hand_on(TaskName.DEDUPLICATE, queries.complete_facts(tx, leads))

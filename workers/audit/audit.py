"""One audit: every check of every law, each statement on a snapshot of its own, so that it may run beside the work."""

from collections.abc import Iterable, Sequence
from typing import Any

from shared.bus.context import Context
from shared.db.arrays import rows_as_json
from shared.db.policies import PolicyShelf
from shared.db.transaction import Transaction, transaction
from shared.domain.lead import LIVING, Status
from shared.policy.compile import Policy
from workers.audit import queries
from workers.audit.checks import CHECKS
from workers.audit.laws import BOOKS, EXPLAINED, Result, result
from workers.audit.policy.replaying import Recorded, Replayed, has_clock, replay
from workers.audit.queries.gauges import record_findings

#: All attempts of the sweep together, in units of its patience: it waits 1 before the first attempt and 1, 2, 3, 4, 5
#: after each (a test compares with the keeper's own numbers).
SWEEP_PATIENCES = 16
#: Ticks, queues and a busy machine on top of what the sweep's own arithmetic allows.
SLACK_SECONDS = 60.0
#: The keeper fires what is a second late; an auditor that runs beside a burst is more patient.
LATE_SECONDS = 60.0
#: Decisions that are replayed: a second's work.
REPLAYED = 500


def run_audit(context: Context, *, replayed: int = REPLAYED) -> list[Result]:
    """Check every law, keep what each check found for the metrics, and return it."""
    with transaction(context.engine) as tx:
        parameters = parameters_of(context, tx, " ".join(check.sql for check in CHECKS))
        results = [queries.run_check(tx, check, parameters) for check in CHECKS]
        results += _replay(context.policies, tx, replayed)
        record_findings(tx, results, complete=True)
    return results


def parameters_of(context: Context, tx: Transaction, sql: str) -> dict[str, Any]:
    """Return the parameters that checks name; what no check names is not asked for."""
    allowed = SWEEP_PATIENCES * context.settings.sweep_after_seconds + SLACK_SECONDS
    parameters: dict[str, Any] = {
        "statuses": [str(status) for status in Status],
        "living": sorted(LIVING),
        "allowed_seconds": allowed,
        "late_seconds": LATE_SECONDS,
    }
    if "_queues)s" in sql:
        parameters |= _queue_parameters(context, tx)
    if "_reasons)s" in sql:
        known = queries.load_policy_versions(tx)
        parameters["unlisted_reasons"] = _pairs("reason", _unlisted(context.policies, tx, known))
    return parameters


def _queue_parameters(context: Context, tx: Transaction) -> dict[str, str]:
    known = queries.load_policy_versions(tx)
    holding = queries.load_holding_queues(tx)
    policies = _policies(context.policies, tx, known, [version for version, _ in holding])
    queues = {(version, name): queue for version, policy in policies.items() for name, queue in policy.queues.items()}
    unowned = [pair for pair in holding if pair not in queues or not queues[pair].owner]
    clocked = [pair for pair in holding if pair in queues and has_clock(queues[pair])]
    return {"unowned_queues": _pairs("owner", unowned), "clocked_queues": _pairs("owner", clocked)}


def _unlisted(shelf: PolicyShelf, tx: Transaction, known: set[int]) -> list[tuple[int, str | None]]:
    used = queries.load_recycle_reasons(tx)
    policies = _policies(shelf, tx, known, [version for version, _ in used])
    return [
        (version, reason)
        for version, reason in used
        if version not in policies or reason not in policies[version].recycle
    ]


def _policies(shelf: PolicyShelf, tx: Transaction, known: set[int], wanted: Iterable[int]) -> dict[int, Policy]:
    return {version: shelf.version(tx, version).policy for version in sorted(set(wanted) & known)}


def _pairs(name: str, pairs: Sequence[tuple[int, str | None]]) -> str:
    return rows_as_json({"policy_version": version, name: value} for version, value in pairs)


def _replay(shelf: PolicyShelf, tx: Transaction, limit: int) -> list[Result]:
    recorded = queries.load_recorded(tx, limit)
    known = queries.load_policy_versions(tx)
    policies = _policies(shelf, tx, known, [one.policy_version for one in recorded])
    again = [(one, replay(policies[one.policy_version], one)) for one in recorded if one.policy_version in policies]
    differing = [one.lead_id for one, answer in again if _differs(one, answer)]
    # A custody that the decision did not begin, or that was changed since, is not in here.
    clocks = queries.load_clocks(tx, [one.lead_id for one in recorded])
    unclocked = [
        one.lead_id for one, answer in again if clocks.get((one.lead_id, one.sequence), answer.steps) != answer.steps
    ]
    return [
        result(
            EXPLAINED, f"the last {limit} routings, decided again by their own policy, end the same", sorted(differing)
        ),
        result(BOOKS, f"of the last {limit} routings, each rep's clock is what the policy promises", sorted(unclocked)),
    ]


def _differs(recorded: Recorded, answer: Replayed) -> bool:
    return (recorded.rule, recorded.qualified) != (answer.rule, answer.qualified)

"""The statements of the audit and of the reports, one function each."""

from workers.audit.queries.laws import (
    load_clocks,
    load_conditions,
    load_holding_queues,
    load_leads_of_source,
    load_policy_versions,
    load_recorded,
    load_recycle_reasons,
    run_check,
)

__all__ = [
    "load_clocks",
    "load_conditions",
    "load_holding_queues",
    "load_leads_of_source",
    "load_policy_versions",
    "load_recorded",
    "load_recycle_reasons",
    "run_check",
]

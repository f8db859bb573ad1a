"""The steps behind what ops change: each is one transaction, on the record, and refuses what the laws forbid."""

from workers.assignment.ops.assign import Assigned, assign_lead
from workers.assignment.ops.correct import Corrected, correct_lead
from workers.assignment.ops.credit import credit_member
from workers.assignment.ops.retry import retry_queue

__all__ = [
    "Assigned",
    "Corrected",
    "assign_lead",
    "correct_lead",
    "credit_member",
    "retry_queue",
]

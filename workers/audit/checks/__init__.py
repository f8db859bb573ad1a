"""Every check of the laws that one statement can make."""

from workers.audit.checks import answers, books, clock, conservation, custody, record
from workers.audit.laws import Check

CHECKS: tuple[Check, ...] = (
    *conservation.CHECKS,
    *custody.CHECKS,
    *clock.CHECKS,
    *answers.CHECKS,
    *record.CHECKS,
    *books.CHECKS,
)

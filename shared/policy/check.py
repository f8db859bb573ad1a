"""The check of a policy: everything that can be found wrong with a document that reads well."""

from collections.abc import Iterator
from typing import Final

from shared.domain.rep import Roster
from shared.policy.document import PolicyDocument
from shared.policy.errors import Finding, Severity
from shared.policy.lint.calendars import check_calendars
from shared.policy.lint.names import check_names
from shared.policy.lint.order import check_order, check_ranges
from shared.policy.lint.people import check_people
from shared.policy.lint.promises import check_promises
from shared.policy.lint.reach import Prover, check_reach
from shared.policy.lint.targets import check_targets
from shared.policy.lint.values import check_values

#: Errors that leave a condition without a meaning.
_OF_WORDS: Final = ("word.unknown", "word.country", "field.", "attribute.", "segment.")

_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def check_policy(
    document: PolicyDocument, roster: Roster | None = None, *, prove: Prover = check_reach
) -> tuple[Finding, ...]:
    """All findings, the gravest first and then by line; people are checked only against a roster.

    `prove` says what the rules take from each other; it is asked when every word means something, since nothing can be
    proved about words that do not exist.
    """
    findings = list(_plain(document, roster))
    if not any(one.severity is Severity.ERROR and one.code.startswith(_OF_WORDS) for one in findings):
        findings += prove(document)
    return tuple(sorted(findings, key=lambda one: (_RANKS[one.severity], one.line, one.column, one.code)))


def _plain(document: PolicyDocument, roster: Roster | None) -> Iterator[Finding]:
    """What each side of the document shows by itself."""
    yield from check_names(document)
    yield from check_values(document)
    yield from check_targets(document, roster)
    yield from check_order(document)
    yield from check_ranges(document)
    yield from check_promises(document)
    yield from check_calendars(document)
    if roster is not None:
        yield from check_people(document, roster)

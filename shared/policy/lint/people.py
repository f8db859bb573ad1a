"""People: selectors that find nobody, and reps who are named and not there. Needs the roster."""

from collections.abc import Iterator

from shared.domain.rep import Members, Roster
from shared.policy.document import PolicyDocument, QueueKind
from shared.policy.errors import Finding, warning
from shared.policy.lint.targets import check_named_reps


def check_people(document: PolicyDocument, roster: Roster) -> Iterator[Finding]:
    """Empty pools, claim queues that nobody may claim from, and named reps who are unknown or gone."""
    for pool in document.pools.values():
        yield from _selector(f"the pool `{pool.name}`", pool.line, pool.members, roster)
    for queue in document.queues.values():
        if queue.members is not None and queue.kind is QueueKind.CLAIM:
            yield from _selector(f"the queue `{queue.name}`", queue.line, queue.members, roster)


def _selector(place: str, line: int, members: Members, roster: Roster) -> Iterator[Finding]:
    """A selector must find somebody who works here."""
    yield from check_named_reps(place, line, members.reps, roster)
    if not any(rep.is_active and members.matches(rep) for rep in roster.values()):
        yield warning("pool.empty", f"{place} has no active member", line, "mend its members, or the reps")

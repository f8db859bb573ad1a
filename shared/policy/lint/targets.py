"""Places: every target must exist, no chain of them may come back to itself, and everything must end somewhere."""

from collections.abc import Iterator, Mapping
from typing import Final

from shared.domain.rep import Roster
from shared.domain.target import Target, TargetKind
from shared.policy.document import PolicyDocument, QueueKind
from shared.policy.errors import Finding, error, info, warning
from shared.policy.words import suggestion


def check_targets(document: PolicyDocument, roster: Roster | None) -> Iterator[Finding]:
    """Targets that do not exist, twice named or cyclic ones, and leads that would end nowhere."""
    for place, line, target in _all_targets(document):
        yield from _exists(place, line, target, document)
        if roster is not None and target.kind is TargetKind.REP:
            yield from _is_here(place, line, target.name, roster)
    yield from _misplaced(document)
    yield from _cycles(document)
    yield from _catch_all(document)
    yield from _queues(document)


def _all_targets(document: PolicyDocument) -> Iterator[tuple[str, int, Target]]:
    """Every target of the document with the place that names it."""
    for rule in document.rules:
        for target in rule.targets:
            yield f"the rule `{rule.name}`", rule.line, target
    for pool in document.pools.values():
        for target in pool.overflow:
            yield f"the pool `{pool.name}`", pool.line, target
    for entry in document.sla:
        for step in (*entry.ladders.accept, *entry.ladders.first_touch):
            if step.to is not None:
                yield "a step of the sla", entry.line, step.to
    for reason in document.recycle.values():
        yield f"the reason `{reason.name}`", reason.line, reason.to
    if document.qualification is not None and document.qualification.otherwise is not None:
        yield "qualification", document.qualification.line, document.qualification.otherwise


_NAMED_IN: Final = {
    TargetKind.POOL: "pools",
    TargetKind.QUEUE: "queues",
    TargetKind.DIVERT: "queues",
    TargetKind.NURTURE: "tracks",
}


def _exists(place: str, line: int, target: Target, document: PolicyDocument) -> Iterator[Finding]:
    """The pool, queue or track that a target names must be declared."""
    section = _NAMED_IN.get(target.kind)
    if section is None:
        return
    known: Mapping[str, object] = getattr(document, section)
    if target.name not in known:
        message = f"{place} names `{target}`, and {section} have no `{target.name}`"
        yield error("target.unknown", message, line, suggestion(target.name, known))


def _is_here(place: str, line: int, rep_id: str, roster: Roster) -> Iterator[Finding]:
    """The rep whom a target or selector names must be known and must not have left."""
    rep = roster.get(rep_id)
    if rep is None:
        yield error(
            "rep.unknown", f"{place} names the rep `{rep_id}`, who is not known", line, suggestion(rep_id, roster)
        )
    elif not rep.is_active:
        message = f"{place} names the rep `{rep_id}`, who has departed"
        yield error("rep.departed", message, line, "name another rep, or a pool")


def check_named_reps(place: str, line: int, rep_ids: tuple[str, ...], roster: Roster) -> Iterator[Finding]:
    """Reps whom a selector names one by one."""
    for rep_id in rep_ids:
        yield from _is_here(place, line, rep_id, roster)


def _misplaced(document: PolicyDocument) -> Iterator[Finding]:
    """A rule does not merge, and does not try one place twice."""
    for rule in document.rules:
        targets = rule.targets
        if any(target.kind is TargetKind.MERGE for target in targets):
            message = f"the rule `{rule.name}` cannot merge a lead; duplicates are found before the rules"
            yield error("target.place", message, rule.line, "merge is a target of recycle reasons")
        for target in dict.fromkeys(one for one in targets if targets.count(one) > 1):
            message = f"the rule `{rule.name}` comes back to `{target}`"
            yield error("target.cycle", message, rule.line, "name each target once")


def _cycles(document: PolicyDocument) -> Iterator[Finding]:
    """Pools must not overflow into each other in a circle."""
    reported: set[frozenset[str]] = set()
    for start in document.pools:
        path = _way_back(start, document)
        if path and frozenset(path) not in reported:
            reported.add(frozenset(path))
            way = " -> ".join(f"pool:{name}" for name in (*path, start))
            message = f"the overflow of the pool `{start}` comes back to it: {way}"
            yield error("target.cycle", message, document.pools[start].line, "let one of them overflow to a queue")


def _way_back(start: str, document: PolicyDocument) -> tuple[str, ...]:
    """The shortest chain of pools from one back to itself, without its last step; empty where there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:
        pool = document.pools.get(way[-1])
        for target in pool.overflow if pool else ():
            if target.kind is not TargetKind.POOL or target.name in seen:
                continue
            if target.name == start:
                return way
            seen.add(target.name)
            ways.append((*way, target.name))
    return ()


def _catch_all(document: PolicyDocument) -> Iterator[Finding]:
    """The last rule takes what no other did."""
    if not any(rule.is_catch_all for rule in document.rules):
        message = "no rule takes what the others leave"
        mend = "end the rules with {name: everything-else, when: {}, to: queue:NAME}"
        yield error("rules.catch_all", message, document.rules[-1].line if document.rules else 0, mend)
    if not document.queues:
        message = "there is no queue, so a lead that cannot be decided has no place"
        yield error("queues.none", message, 0, "add queues: {exceptions: {kind: exception, owner: NAME}}")


def _queues(document: PolicyDocument) -> Iterator[Finding]:
    """A queue has an owner, and a claim queue an answer to nobody claiming."""
    if not document.owner:
        yield info("document.owner", "the document does not say who answers for it", 0, "add `owner: …`")
    for queue in document.queues.values():
        if not queue.owner:
            message = f"the queue `{queue.name}` has no owner"
            yield error("queue.owner", message, queue.line, "add `owner: …` to the queue or to the document")
        if queue.kind is QueueKind.CLAIM and (queue.escalate_after is None or queue.escalate_to is None):
            message = f"nothing happens to a lead that nobody claims from the queue `{queue.name}`"
            yield warning("queue.escalation", message, queue.line, "add escalate_after and escalate_to")

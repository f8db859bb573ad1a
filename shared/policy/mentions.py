"""What hangs on one rep: the rules that name them, the pools and claim queues they are in, and who is left there."""

from dataclasses import dataclass
from fractions import Fraction

from shared.domain.rep import Roster
from shared.domain.target import Target, TargetKind
from shared.policy.cascade import cascade
from shared.policy.document import PolicyDocument, QueueKind
from shared.policy.membership import chosen, members


@dataclass(frozen=True, slots=True)
class RuleMention:
    """A rule that sends leads to the rep by name, and where they go without the rep, in the order of trying."""

    rule: str
    line: int
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """A pool or claim queue that the rep is in.

    `named` says that it names the rep; `share` is of the leads that a weighted pool gives; `left` counts the active
    members who remain, and `then` is where leads of a pool without any go.
    """

    name: str
    named: bool
    share: float | None
    left: int
    then: tuple[str, ...] = ()

    @property
    def is_emptied(self) -> bool:
        """Say whether nobody is left."""
        return self.left == 0


@dataclass(frozen=True, slots=True)
class Mentions:
    """Everything in one policy that hangs on the rep."""

    rules: tuple[RuleMention, ...]
    pools: tuple[Seat, ...]
    queues: tuple[Seat, ...]


def mentions(document: PolicyDocument, roster: Roster, rep_id: str) -> Mentions:
    """Return what hangs on a rep; whoever has departed is in no pool, and rules may still name them."""
    others = {name: rep for name, rep in roster.items() if name != rep_id}
    return Mentions(
        tuple(_rule_mentions(document, rep_id)),
        tuple(_pools(document, roster, others, rep_id)),
        tuple(_queues(document, roster, others, rep_id)),
    )


def _rule_mentions(document: PolicyDocument, rep_id: str) -> list[RuleMention]:
    named = Target(TargetKind.REP, rep_id)
    return [
        RuleMention(rule.name, rule.line, tuple(str(one) for one in cascade(rule.targets, document) if one != named))
        for rule in document.rules
        if named in rule.targets
    ]


def _pools(document: PolicyDocument, roster: Roster, others: Roster, rep_id: str) -> list[Seat]:
    found = []
    for name, seats in members(document, roster).items():
        own = next((one for one in seats if one.rep_id == rep_id), None)
        pool = document.pools[name]
        named = rep_id in pool.members.reps
        if own is not None or named:
            share: Fraction | None = own.share if own else None
            left = len(chosen(pool.members, others))
            then = tuple(map(str, cascade(pool.overflow, document)))
            found.append(Seat(name, named, None if share is None else float(share), left, then))
    return found


def _queues(document: PolicyDocument, roster: Roster, others: Roster, rep_id: str) -> list[Seat]:
    found = []
    for queue in document.queues.values():
        selector = queue.members
        if queue.kind is not QueueKind.CLAIM or selector is None:
            continue
        named = rep_id in selector.reps
        if named or any(one.rep_id == rep_id for one in chosen(selector, roster)):
            found.append(Seat(queue.name, named, None, len(chosen(selector, others))))
    return found

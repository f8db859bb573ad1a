"""Who gets the leads: users become reps, queues become claim queues, unless a table says otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.domain.target import Target, TargetError, TargetKind
from shared.errors import InputFileError
from shared.policy.salesforce.logic import UntranslatedError
from shared.policy.salesforce.plan import PlannedPool, PlannedQueue
from shared.policy.salesforce.rules import Entry
from shared.policy.salesforce.spelling import label
from shared.policy.salesforce.tables import rows_of

#: Where leads wait that nobody else can have; the catch-all's queue.
EXCEPTIONS: Final = "exceptions"
#: The queue of the default promises; it stands first, since they take the first claim queue that there is.
SHARK_TANK: Final = "shark_tank"

_RESERVED: Final = (EXCEPTIONS, SHARK_TANK, "support", "product_feedback")
_LAST: Final = Target(TargetKind.QUEUE, EXCEPTIONS)
_ALLOWED: Final = (TargetKind.POOL, TargetKind.QUEUE, TargetKind.REP)


@dataclass(frozen=True, slots=True)
class QueueHome:
    """What a queue of Salesforce is here; `team` are the members of a pool."""

    target: Target
    team: str = ""


def read_users(text: str, file: str) -> dict[str, str]:
    """Read `username,rep_id`."""
    rows = rows_of(text, file, ("username", "rep_id"))
    return {row["username"].casefold(): row["rep_id"] for _, row in rows}


def read_queues(text: str, file: str) -> dict[str, QueueHome]:
    """Read `queue,target` and, for pools, `team`."""
    homes: dict[str, QueueHome] = {}
    for line, row in rows_of(text, file, ("queue", "target")):
        try:
            target = Target.parse(row["target"])
        except TargetError as error:
            raise InputFileError(f"{file}, line {line}: {error}.") from error
        if target.kind not in _ALLOWED or (target.kind is not TargetKind.REP and label(target.name) != target.name):
            raise InputFileError(
                f"{file}, line {line}: a queue becomes pool:NAME, queue:NAME or rep:ID, with a name of letters, "
                f"digits, `_` and `-`; {row['target']!r} is none of them."
            )
        homes[row["queue"].casefold()] = QueueHome(target, row.get("team", ""))
    return homes


@dataclass(slots=True)
class Places:
    """Finds the targets of entries, and collects the pools and queues that the policy must declare for them."""

    users: Mapping[str, str] | None = None
    homes: Mapping[str, QueueHome] = field(default_factory=dict)
    pools: dict[str, PlannedPool] = field(default_factory=dict)
    queues: dict[str, PlannedQueue] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    strangers: dict[str, None] = field(default_factory=dict)

    def targets(self, entry: Entry) -> tuple[Target, ...]:
        """Where the leads of an entry go, in the order of trying; UntranslatedError for a kind that we do not know."""
        kind = entry.assigned_to_type.casefold()
        if not entry.assigned_to:
            # "Do not reassign owner": a new lead has no owner here, so that its own queue decides.
            return (Target(TargetKind.KEEP_OWNER), _LAST)
        if kind == "queue" or (not kind and "@" not in entry.assigned_to):
            return (self._queue(entry.assigned_to),)
        if kind in ("user", ""):
            return (Target(TargetKind.REP, self._rep(entry.assigned_to)),)
        raise UntranslatedError(f"leads are given to users and queues; {entry.assigned_to_type} is not known")

    def declared_queues(self) -> Iterator[PlannedQueue]:
        """All queues of the policy, the shark tank first."""
        yield PlannedQueue(
            SHARK_TANK, is_claimed=True, remark="What nobody answers for four hours, by the default promises"
        )
        yield from self.queues.values()
        yield PlannedQueue(EXCEPTIONS, is_claimed=False, remark="What no entry takes, and what cannot be decided")

    def _rep(self, username: str) -> str:
        if self.users is None:
            return username
        rep_id = self.users.get(username.casefold())
        if rep_id is None:
            self.strangers[username] = None
        return rep_id or username

    def _queue(self, name: str) -> Target:
        home = self.homes.get(name.casefold())
        target = home.target if home else Target(TargetKind.QUEUE, self._free_name(name))
        remark = f"“{name}” in Salesforce" if target.name != name else ""
        if target.kind is TargetKind.POOL:
            self.pools.setdefault(target.name, PlannedPool(target.name, home.team if home else "", remark))
        elif target.kind is TargetKind.QUEUE and target.name not in _RESERVED[:2]:
            self.queues.setdefault(target.name, PlannedQueue(target.name, is_claimed=True, remark=remark))
        return target

    def _free_name(self, name: str) -> str:
        """A queue of Salesforce under a name that no other queue of the policy has."""
        wanted = label(name)
        wanted = f"{wanted}_queue" if wanted in _RESERVED else wanted
        same = [key for key, taken in self.names.items() if taken.partition("~")[0] == wanted]
        return self.names.setdefault(name.casefold(), f"{wanted}~{len(same) + 1}" if same else wanted).replace("~", "_")

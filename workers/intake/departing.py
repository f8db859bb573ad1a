"""What hangs on a rep who departs: leads and where they go, rules, pools, queues, accounts, deals, and stand-ins."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.bus.context import Context
from shared.custody import reps as rep_queries
from shared.custody.move import Notice
from shared.custody.reps import RosterShelf
from shared.db.policies import Version, load_planned
from shared.db.transaction import Transaction
from shared.domain.notice import Addressee, NoticeKind
from shared.domain.rep import RepStatus
from shared.policy.mentions import Mentions, mentions
from shared.routing.coverage import load_coverage
from shared.routing.policy.place import Placement, place
from shared.routing.policy.route import route
from shared.routing.policy.without import without
from shared.routing.queries.cases import load_cases_of
from workers.intake.policy.mending import mending_words
from workers.intake.queries import rep as queries

#: A report names so many accounts and deals; the CRM lists them all.
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Going:
    """How many leads go to one place, as things stand: a rep by way of a pool or not, a queue, a track."""

    to: str
    pool: str | None
    leads: int


@dataclass(frozen=True, slots=True)
class PlannedMention:
    """A planned version on which the rep counts as well."""

    version: int
    name: str
    rules: tuple[str, ...]
    pools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DepartureReport:
    """What hangs on a rep: `leads` by status, and where they go; `hangs` is what the policy in force says of the rep.

    `accounts` and `opportunities` have the count that the rep owns and the first ids, `stands_in` the absences of
    others in which the rep is the cover. `policy_version` None: no policy is in force.
    """

    rep_id: str
    name: str
    team: str | None
    has_departed: bool
    policy_version: int | None
    leads: Mapping[str, int]
    going: tuple[Going, ...]
    hangs: Mentions
    planned: tuple[PlannedMention, ...]
    accounts: Mapping[str, Any]
    opportunities: Mapping[str, Any]
    stands_in: tuple[Mapping[str, Any], ...]

    @property
    def open_leads(self) -> int:
        """Count the leads that the rep holds."""
        return sum(self.leads.values())


def departure_report(tx: Transaction, context: Context, rep_id: str) -> DepartureReport:
    """Return what hangs on a known rep, and where their leads would go now; the number of statements is fixed."""
    roster = rep_queries.load_roster(tx, context.shelf(RosterShelf))
    version = context.policies.active(tx)
    rep = roster[rep_id]
    return DepartureReport(
        rep_id=rep_id,
        name=rep.name,
        team=rep.team,
        has_departed=not rep.is_active,
        policy_version=version.number if version else None,
        leads=queries.count_held(tx, rep_id),
        going=_going(tx, context, version, rep_id) if version else (),
        hangs=mentions(version.policy.document, roster, rep_id) if version else Mentions((), (), ()),
        planned=_planned(tx, context, rep_id),
        accounts=queries.load_accounts_of(tx, rep_id, _MOST_NAMED),
        opportunities=queries.load_opportunities_of(tx, rep_id, _MOST_NAMED),
        stands_in=tuple(queries.load_covered_by(tx, rep_id)),
    )


def _going(tx: Transaction, context: Context, version: Version, rep_id: str) -> tuple[Going, ...]:
    """Decide the rep's leads again as if the rep were gone, without writing anything."""
    routes = route(version.policy, load_cases_of(tx, rep_id))
    coverage, _ = load_coverage(tx, context.shelf(RosterShelf), version, routes, locked=False)
    placements, _ = place(version.policy, version.last_queue, routes, without(coverage, rep_id))
    counts = Counter((_place(one), one.pool) for one in placements)
    return tuple(Going(to, pool, leads) for (to, pool), leads in counts.most_common())


def _place(placement: Placement) -> str:
    kind = "queue" if placement.kind in {"claim", "exception"} else placement.kind
    return f"{kind}:{placement.name}" if placement.name else kind


def _planned(tx: Transaction, context: Context, rep_id: str) -> tuple[PlannedMention, ...]:
    """Say which planned versions name the rep: their check was made while the rep was here."""
    roster = rep_queries.load_roster(tx, context.shelf(RosterShelf))
    found = []
    for number, name in dict.fromkeys((one.version, one.name) for one in load_planned(tx)):
        hangs = mentions(context.policies.version(tx, number).policy.document, roster, rep_id)
        pools = tuple(one.name for one in hangs.pools if one.named or one.is_emptied)
        if hangs.rules or pools:
            found.append(PlannedMention(number, name, _names(hangs.rules), pools))
    return tuple(found)


def departure_notices(tx: Transaction, version: Version, rep_ids: Sequence[str]) -> list[Notice]:
    """Return what the policy's owner is told of reps who have just departed: only what somebody has to mend."""
    if not rep_ids:
        return []
    roster, owned = rep_queries.load_roster(tx, RosterShelf()), queries.load_owned(tx, list(rep_ids))
    document = version.policy.document
    notices = []
    for rep_id in rep_ids:
        # As if this one were still here: then it can be said which pools are left without anybody.
        before = {**roster, rep_id: replace(roster[rep_id], status=RepStatus.ACTIVE)}
        hangs = mentions(document, before, rep_id)
        text = mending_words(rep_id, hangs, *owned[rep_id])
        if text and document.owner:
            notices.append(Notice(NoticeKind.POLICY, document.owner, Addressee.OPS, (), {"text": text}))
    return notices


def _names(rules: Sequence[Any]) -> tuple[str, ...]:
    return tuple(one.rule for one in rules)

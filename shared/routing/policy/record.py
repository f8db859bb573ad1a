"""What a decision keeps of the world it was made in, so that it can be made again, under another policy as well.

Who could take the leads of a batch is kept once per batch. Names, teams and weights of reps are not in it: the roster
has revisions, and the record names the one that was read.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.domain.rep import Rep
from shared.policy.document import Pool
from shared.routing.policy.balance import PoolState, Seat
from shared.routing.policy.case import AccountState, Coverage
from shared.routing.policy.place import Placement
from shared.routing.policy.pools import Ledger, LedgerLine

_NO_LINE = LedgerLine()


@dataclass(frozen=True, slots=True)
class CoverageRecord:
    """Everybody who could get a lead of a batch, as they stood.

    `roster` is the revision of the reps; `loads` has every rep on whom the batch turned, with the open leads; `away`
    those of them who were away, with their cover; `departed` those who had left since that revision was read; `ledgers`
    the pools that were asked.
    """

    roster: int
    loads: Mapping[str, int] = field(default_factory=dict)
    away: Mapping[str, str | None] = field(default_factory=dict)
    departed: frozenset[str] = frozenset()
    ledgers: Mapping[str, Ledger] = field(default_factory=dict)

    def reps_document(self) -> dict[str, Any]:
        """Return what the column `reps` keeps."""
        document: dict[str, Any] = {"open": dict(self.loads)}
        if self.away:
            document["away"] = dict(self.away)
        if self.departed:
            document["departed"] = sorted(self.departed)
        return document

    def pools_document(self) -> dict[str, Any]:
        """Return what the column `pools` keeps."""
        return {name: _ledger_document(ledger) for name, ledger in self.ledgers.items()}

    @classmethod
    def read(cls, roster: int, reps: Mapping[str, Any], pools: Mapping[str, Any]) -> "CoverageRecord":
        """Return the record from its columns."""
        ledgers = {name: _ledger(document) for name, document in pools.items()}
        departed = frozenset(reps.get("departed", ()))
        return cls(roster, reps["open"], reps.get("away", {}), departed, ledgers)


def record_coverage(
    coverage: Coverage,
    pools: Mapping[str, Pool],
    placements: Sequence[Placement],
    roster: Mapping[str, Rep],
    revision: int,
) -> CoverageRecord | None:
    """Keep who could take a batch, None where nobody was asked; `roster` are the reps at the revision."""
    if not any(one.asked_somebody for one in placements):
        return None
    asked = {name for one in placements for name in one.asked_pools}
    reps = {rep_id: coverage.reps[rep_id] for rep_id in sorted(_looked_at(coverage, placements, asked))}
    absences = {rep_id: state.away_at(coverage.now) for rep_id, state in reps.items()}
    return CoverageRecord(
        roster=revision,
        loads={rep_id: state.open_leads for rep_id, state in reps.items()},
        away={rep_id: absence.cover_rep_id for rep_id, absence in absences.items() if absence},
        departed=frozenset(
            rep_id
            for rep_id, state in reps.items()
            if not state.rep.is_active and rep_id in roster and roster[rep_id].is_active
        ),
        ledgers={name: ledger_of(coverage.pools[name], pools[name]) for name in sorted(asked)},
    )


def _looked_at(coverage: Coverage, placements: Sequence[Placement], asked: Collection[str]) -> set[str]:
    """Return the reps on whom the batch turned: those of the pools that were asked, those asked by name, and covers."""
    tried = [one for placement in placements for one in placement.tried]
    if any(one.target.startswith("team:") for one in tried):
        return set(coverage.reps)
    by_name = {one.rep_id for one in tried if one.rep_id in coverage.reps}
    absences = [coverage.reps[rep_id].away_at(coverage.now) for rep_id in by_name if rep_id]
    covers = {one.cover_rep_id for one in absences if one}
    members = {seat.rep_id for name in asked for seat in coverage.pools[name].seats}
    return {rep_id for rep_id in by_name | covers | members if rep_id in coverage.reps and rep_id}


def ledger_of(state: PoolState, pool: Pool) -> Ledger:
    """Return the ledger that a pool's seats were made from."""
    lines = {seat.rep_id: line for seat in state.seats if (line := _line(seat)) != _NO_LINE}
    window = {}
    if pool.cap:
        counts = {seat.rep_id: pool.cap.count - seat.cap_left for seat in state.seats if seat.cap_left is not None}
        window = {rep_id: leads for rep_id, leads in counts.items() if leads}
    return Ledger(state.given, lines, window)


def _line(seat: Seat) -> LedgerLine:
    return LedgerLine(seat.credit, seat.turns, seat.owed, seat.present, seat.last_given)


def _ledger_document(ledger: Ledger) -> dict[str, Any]:
    lines = {
        rep_id: [one.credit, one.turns, one.owed, int(one.present), one.last_given]
        for rep_id, one in ledger.lines.items()
    }
    document: dict[str, Any] = {"given": ledger.given, "lines": lines}
    if ledger.given_in_window:
        document["window"] = dict(ledger.given_in_window)
    return document


def _ledger(document: Mapping[str, Any]) -> Ledger:
    lines = {
        rep_id: LedgerLine(credit, turns, owed, bool(present), last_given)
        for rep_id, (credit, turns, owed, present, last_given) in document["lines"].items()
    }
    return Ledger(document["given"], lines, document.get("window", {}))


def account_document(account: AccountState, known: Collection[str]) -> dict[str, Any]:
    """Return what a decision keeps of the lead's account; facts that are `known` from elsewhere are left out."""
    document = {
        "status": account.status,
        "named": account.named or None,
        "owner": account.owner_rep_id,
        "opportunity": account.opportunity_id,
        "opportunity_owner": account.opportunity_owner,
        "facts": {name: value for name, value in account.facts.items() if name not in known} or None,
    }
    return {name: value for name, value in document.items() if value is not None}


def read_account(account_id: str, document: Mapping[str, Any]) -> AccountState:
    """Return the account as a decision has kept it."""
    return AccountState(
        account_id,
        document["status"],
        document.get("named", False),
        document.get("owner"),
        document.get("opportunity"),
        document.get("opportunity_owner"),
        document.get("facts", {}),
    )

"""Decisions as they stand on record, read back into what they were made from and what came of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.domain.lead import Status
from shared.domain.rep import Rep
from shared.policy.compile import Policy
from shared.policy.document import CalendarSpec, WhenClosed
from shared.routing.policy.case import Case, Directive
from shared.routing.policy.moves import STATUS_OF
from shared.routing.policy.place import Placement
from shared.routing.policy.record import CoverageRecord, read_account

#: Facts that are on record whenever a lead has them, whatever the policy asked.
_ALWAYS_KEPT = ("hand_raise", "signals")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a decision: `target` took the lead, `owner` is the rep, queue or track that has it from then on."""

    rule: str | None
    status: str
    target: str | None = None
    owner: str | None = None
    hold_reason: str | None = None

    @property
    def pool(self) -> str | None:
        """Return the pool that gave the lead to its owner, if one did."""
        return self.target.removeprefix("pool:") if self.target and self.target.startswith("pool:") else None

    @property
    def rep(self) -> str | None:
        """Return the rep who was given the lead, if one was."""
        return self.owner if self.status == Status.OFFERED else None


@dataclass(frozen=True, slots=True)
class Past:
    """One decision of the past: `custody_ended_at` is when whoever got the lead no longer had it (None: has it still).

    `answered_at` is when the owner accepted or gave it back; `counts` says that it is the lead's last one by the rules.
    """

    case: Case
    version: int
    was: Verdict
    counts: bool = True
    custody_ended_at: datetime | None = None
    answered_at: datetime | None = None
    overdue: bool = False

    @property
    def lead_id(self) -> int:
        """Return the lead's id."""
        return self.case.lead_id


@dataclass(frozen=True, slots=True)
class PastBatch:
    """Leads that were decided together, and who could take them then; no record where nobody was asked."""

    at: datetime
    record: CoverageRecord | None
    leads: tuple[Past, ...]


class Rosters:
    """The reps by revision of the roster."""

    def __init__(self, history: Sequence[tuple[int, Rep]]) -> None:
        """Take the reps as they became, each with the revision from which it was true, in the order of revisions."""
        self._history = history
        self._latest: tuple[int, dict[str, Rep]] | None = None

    def at(self, revision: int | None) -> Mapping[str, Rep]:
        """Return all reps as they were at a revision; None is the newest there is."""
        wanted = (self._history[-1][0] if self._history else 0) if revision is None else revision
        if self._latest is None or self._latest[0] != wanted:
            self._latest = (wanted, {rep.rep_id: rep for since, rep in self._history if since <= wanted})
        return self._latest[1]


def verdict_of(placement: Placement) -> Verdict:
    """Return what comes of a placement."""
    return Verdict(
        placement.route.rule,
        str(STATUS_OF[placement.kind]),
        placement.tried[-1].target if placement.tried else None,
        placement.name,
        placement.hold_reason,
    )


def recorded_verdict(outcome: str, rule: str | None, detail: Mapping[str, Any]) -> Verdict:
    """Return what came of a recorded decision."""
    last: Mapping[str, Any] = detail["tried"][-1] if detail["tried"] else {}
    owner = last.get("rep") or detail.get("to")
    return Verdict(rule, outcome, last.get("target"), owner, detail.get("hold_reason"))


def recorded_case(
    lead_id: int,
    received_at: datetime,
    detail: Mapping[str, Any],
    sheet: Mapping[str, Any],
    used: Collection[str],
    *,
    test: bool = False,
) -> Case:
    """Return a lead as it stood before a recorded decision.

    What the policy of that time used is taken from the record. What it did not use is taken from `sheet`, the facts as
    they are known today.
    """
    inputs = detail["inputs"]
    facts = _facts(inputs["facts"], sheet, used)
    account = inputs.get("account")
    return Case(
        lead_id=lead_id,
        from_status=Status.MATCHED,
        received_at=received_at,
        released_at=received_at,
        facts=facts,
        bad=inputs["bad"],
        account=read_account(inputs["account_id"], account) if account else None,
        signals=inputs["facts"].get("signals", {}),
        test=test,
        directive=Directive.read(detail.get("directive")),
    )


def _facts(kept: Mapping[str, Any], sheet: Mapping[str, Any], used: Collection[str]) -> dict[str, Any]:
    if not sheet:
        return dict(kept)
    known = {name: value for name, value in sheet.items() if name not in used and not (name in _ALWAYS_KEPT and value)}
    own, today = kept.get("attributes") or {}, sheet.get("attributes") or {}
    attributes = {name: value for name, value in today.items() if name not in used} | own
    return {**known, **kept, **({"attributes": attributes} if attributes else {})}


def reshaped_pools(draft: Policy, former: Policy) -> set[str]:
    """Return the pools of a draft that are made otherwise than under a former policy; overflow is not looked at."""
    return {name for name in draft.pools if _differs(name, draft, former)}


def _differs(name: str, draft: Policy, former: Policy) -> bool:
    if name not in former.pools:
        return True
    mine, theirs = (replace(one.pools[name], line=0, overflow=()) for one in (draft, former))
    keeps_hours = mine.when_closed is not WhenClosed.OFFER
    return mine != theirs or (keeps_hours and hours_of(draft) != hours_of(former))


def hours_of(policy: Policy) -> dict[str, CalendarSpec]:
    """Return the calendars of a policy without the lines on which they stand."""
    return {name: replace(one, line=0) for name, one in policy.calendars.items()}

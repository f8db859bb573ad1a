"""Decides where each lead of a plan would go, with the code that routes; nobody's turn is taken yet."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from shared.domain.lead import OwnerKind, Status
from shared.domain.target import Target, TargetKind
from shared.policy.compile import Match, Outcome, Policy, Qualification
from shared.policy.derive import Derived
from shared.policy.document import Pool
from shared.routing.policy.case import Case, Coverage, Directive
from shared.routing.policy.place import Placement, Placing
from shared.routing.policy.route import Route, held_by
from workers.reassignment.policy.order import MoveState, Order, Planned

#: What a target said when it took the lead; all other words are reasons why it did not.
_TAKEN = frozenset({"taken", "covered"})

#: Where a lead rests with nobody; a rule that sends it there means no holder at all.
_RESTING = frozenset({TargetKind.DIVERT, TargetKind.NURTURE, TargetKind.SUPPRESS})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead in the scope of a plan, with the custody that runs: who has it, under which policy version."""

    case: Case
    epoch: int
    owner_kind: OwnerKind
    owner: str
    policy_version: int


class Planner:
    """Plans lead after lead: loads and turns are those that the leads before have left; lives for one plan.

    `formers` are the policies between which and the present one the way of a lead must differ, by version; with an
    empty mapping every lead of the scope is decided.
    """

    def __init__(self, order: Order, policy: Policy, coverage: Coverage, formers: Mapping[int, Policy]) -> None:
        self._order = order
        self._policy = policy
        self._coverage = coverage
        self._formers = formers
        # Facts have the same words under these; they are worked out once.
        self._alike = frozenset(former for former in formers.values() if _means_the_same(former, policy))
        self._region = _region(order.scope.territory, policy)
        last = policy.last_queue
        self._placing = Placing(policy, last.name if last else "", coverage)
        self._members = {
            name: frozenset(seat.rep_id for seat in pool.seats if not seat.excluded_reason)
            for name, pool in coverage.pools.items()
        }
        self._received: Counter[str] = Counter()
        #: Leads of the scope that stay where they are, because that is where they belong.
        self.unchanged = 0

    def plan(self, candidates: Iterable[Candidate]) -> list[Planned]:
        """Return the leads that move, and those that cannot with the reason; who stays is counted only."""
        found: list[Planned] = []
        for one in candidates:
            planned = self._plan_one(one)
            if planned is not None:
                found.append(planned)
        return found

    def _plan_one(self, one: Candidate) -> Planned | None:
        derived = self._policy.derive(one.case.rule_facts(), one.case.bad)
        if self._region is not None and derived.values.get("region") != self._region:
            return None
        target = (self._order.scope.leads or {}).get(one.case.lead_id) or self._order.target
        qualification = self._policy.qualify(derived)
        match = _to(target) if target else _ask(self._policy, one, derived, qualification)
        if target is None and self._goes_the_same_way(one, match, derived):
            self.unchanged += 1
            return None
        if match.outcome is Outcome.HELD:
            return _blocked(one, f"policy:{held_by(match)}")
        if self._belongs(one, match):
            self.unchanged += 1
            return None
        return self._place(one, Route(self._case(one), derived, qualification, match))

    def _goes_the_same_way(self, one: Candidate, match: Match, derived: Derived) -> bool:
        """Say whether the policy that the lead went by sends it to the same places, which are still the same."""
        difference = self._order.scope.difference
        former = self._formers.get((difference[0] or one.policy_version) if difference else 0)
        if former is None:
            return False
        if former not in self._alike:
            derived = former.derive(one.case.rule_facts(), one.case.bad)
        before = _ask(former, one, derived, former.qualify(derived))
        if before.cascade != match.cascade or before.outcome is not match.outcome:
            return False
        pools = [target.name for target in match.cascade if target.kind is TargetKind.POOL]
        return all(_same_pool(former.pools[name], self._policy.pools[name]) for name in pools)

    def _belongs(self, one: Candidate, match: Match) -> bool:
        """Say whether the holder is one of those who could be given the lead by the first target that has anybody."""
        if one.owner_kind is OwnerKind.REP and one.owner == self._order.scope.rep:
            return False
        for target in match.cascade:
            if target.kind is TargetKind.QUEUE:
                return one.owner_kind is OwnerKind.QUEUE and one.owner == target.name
            takers = self._takers(one, target)
            if one.owner_kind is OwnerKind.REP and one.owner in takers:
                return True
            if any(map(self._is_free, takers)) or target.kind in _RESTING:
                return False
        return False

    def _takers(self, one: Candidate, target: Target) -> Collection[str]:
        """Return the reps who could hold the lead if the target took it."""
        if target.kind is TargetKind.POOL:
            return self._members[target.name]
        return _named_reps(one.case, target, self._coverage)

    def _is_free(self, rep_id: str) -> bool:
        """Say whether a rep could take one more: who is here and was not full when the plan began."""
        state = self._coverage.reps.get(rep_id)
        return bool(state and state.rep.is_active and not state.away_at(self._coverage.now) and not state.is_full)

    def _case(self, one: Candidate) -> Case:
        """Return the case, with the rep who is to lose the lead passed over wherever there is anybody else."""
        leaving = one.owner if one.owner == self._order.scope.rep else None
        return replace(one.case, directive=Directive((), leaving, "reassignment")) if leaving else one.case

    def _place(self, one: Candidate, route: Route) -> Planned:
        placement = self._placing.place(route)
        reason = _refusal(one, placement, by_rules=route.match.rule is not None)
        if reason is not None:
            return _blocked(one, reason)
        if placement.kind == "rep" and placement.name:
            self._count(one, placement.name)
        return replace(
            _blocked(one, None),
            state=MoveState.PENDING,
            to_kind=OwnerKind.REP if placement.kind == "rep" else OwnerKind.QUEUE,
            to_owner=placement.name,
            pool=placement.pool,
            rule=route.rule,
            ladder=self._policy.sla_index(route.derived) if placement.kind == "rep" else None,
        )

    def _count(self, one: Candidate, rep_id: str) -> None:
        """Note who has a lead less and who a lead more, and that nobody gets more than the plan allows."""
        if one.owner_kind is OwnerKind.REP:
            self._placing.leave(one.owner)
        self._received[rep_id] += 1
        if self._order.cap is not None and self._received[rep_id] >= self._order.cap:
            self._placing.bar(rep_id)


def _region(territory: str | None, policy: Policy) -> str | None:
    """Return the territory where it is a region of the vocabulary: then the leads' facts must say so."""
    return territory if territory in {one.name for one in policy.document.vocabulary.region} else None


def _ask(policy: Policy, one: Candidate, derived: Derived, qualification: Qualification) -> Match:
    qualified = None if qualification.needs else qualification.passed
    return policy.match(derived, qualified=qualified, bad=one.case.bad)


def _means_the_same(former: Policy, policy: Policy) -> bool:
    """Say whether facts have the same words, attributes and points under both policies."""
    before, after = former.document, policy.document
    same_words = (before.vocabulary, before.attributes) == (after.vocabulary, after.attributes)
    return same_words and before.qualification == after.qualification


def _to(target: Target) -> Match:
    """Return what takes the place of the rules' answer: the one target that was named, without overflow."""
    return Match(Outcome.RULE, targets=(target,), cascade=(target,))


def _same_pool(before: Pool, after: Pool) -> bool:
    """Say whether two definitions have the same members; how a pool chooses among them moves no lead."""
    return before.members == after.members


def _named_reps(case: Case, target: Target, coverage: Coverage) -> set[str]:
    """Return the reps whom a target names: outright, as the account's or the deal's owner, or as that owner's team."""
    account = case.account
    if target.kind is TargetKind.REP:
        return {target.name}
    if account is None or target.kind not in {TargetKind.OWNER, TargetKind.TEAM}:
        return set()
    if target.kind is TargetKind.OWNER:
        owner = account.opportunity_owner if target.name == "opportunity" else account.owner_rep_id
        return {owner} if owner else set()
    leader = coverage.reps.get(account.owner_rep_id or account.opportunity_owner or "")
    team = leader.rep.team if leader else None
    return {rep_id for rep_id, state in coverage.reps.items() if team and state.rep.team == team}


def _refusal(one: Candidate, placement: Placement, *, by_rules: bool) -> str | None:
    """Return why the lead stays: nobody could take it, or it would go where a bulk move sends nothing."""
    if placement.kind == "rep":
        return "no_one_else" if placement.name == one.owner else None
    if placement.kind == "claim":
        return "already_in_a_queue" if one.case.from_status is Status.POOLED else None
    failed = next((tried.result for tried in placement.tried if tried.result not in _TAKEN), None)
    if failed is not None and (placement.kind == "exception" or not by_rules):
        return failed
    return f"policy:{placement.kind}:{placement.name}" if placement.name else f"policy:{placement.kind}"


def _blocked(one: Candidate, reason: str | None) -> Planned:
    """Return a lead as it stands, with the reason why it cannot go anywhere."""
    return Planned(
        lead_id=one.case.lead_id,
        epoch=one.epoch,
        from_status=one.case.from_status,
        from_kind=one.owner_kind,
        from_owner=one.owner,
        state=MoveState.BLOCKED,
        reason=reason,
    )

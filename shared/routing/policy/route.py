"""Asks the policy about each lead of a batch: which rule takes it, and which targets are to be tried."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.target import Target, TargetKind
from shared.policy.cascade import cascade
from shared.policy.compile import HeldKind, Match, Outcome, Policy, Qualification
from shared.policy.derive import Derived
from shared.routing.policy.case import Case


@dataclass(frozen=True, slots=True)
class Route:
    """What the policy says of one lead, before anybody is asked to take it."""

    case: Case
    derived: Derived
    qualification: Qualification
    match: Match

    @property
    def targets(self) -> tuple[Target, ...]:
        """Return every target of the cascade, in the order of trying."""
        return self.match.cascade

    @property
    def intent(self) -> int:
        """Return the intent score."""
        return self.qualification.intent

    @property
    def rule(self) -> str | None:
        """Return the name of the rule that matched."""
        return self.match.rule.name if self.match.rule else None

    @property
    def held_by(self) -> str | None:
        """Return why the lead is held before any target is tried, None when it is not."""
        return held_by(self.match)

    @property
    def hold_reason(self) -> str:
        """Return why an exception queue has the lead when a rule sent it there."""
        return hold_reason(self.match)


def route(policy: Policy, cases: Iterable[Case]) -> list[Route]:
    """Return what the policy says of every lead."""
    return [route_one(policy, case) for case in cases]


def route_one(policy: Policy, case: Case) -> Route:
    """Return what the policy says of one lead."""
    derived, qualification, match = ask(policy, case.rule_facts(), case.bad)
    if case.directive is not None:
        match = directed(policy, case.directive.targets)
    return Route(case, derived, qualification, match)


def directed(policy: Policy, targets: tuple[Target, ...]) -> Match:
    """Return what takes the place of the rules' answer for a lead that is sent somewhere."""
    return Match(Outcome.RULE, targets=targets, cascade=cascade(targets, policy.document))


def ask(policy: Policy, facts: Mapping[str, object], bad: Mapping[str, str]) -> tuple[Derived, Qualification, Match]:
    """Ask the policy about facts; the same for a lead that lives, one that is replayed, and one that does not exist."""
    derived = policy.derive(facts, bad)
    qualification = policy.qualify(derived)
    qualified = None if qualification.needs else qualification.passed
    return derived, qualification, policy.match(derived, qualified=qualified, bad=bad)


def held_by(match: Match) -> str | None:
    """Return why a lead is held before any target is tried, None when it is not."""
    if match.outcome is not Outcome.HELD:
        return None
    return hold_reason(match) if match.held_kind is HeldKind.NO_RULE else f"{match.held_kind}:{match.held_on}"


def hold_reason(match: Match) -> str:
    """Return why an exception queue has a lead when a rule sent it there: the facts that no rule could do without."""
    missing = match.unknown_fields
    fallback = match.rule is None or match.rule.is_catch_all
    if missing and fallback:
        return f"unknown:{','.join(missing)}"
    return "no_rule" if fallback else "rule"


def pools_of(routes: Sequence[Route]) -> list[str]:
    """Return the pools that the routes may ask, in the order in which they are locked."""
    return sorted({target.name for one in routes for target in one.targets if target.kind is TargetKind.POOL})


def direct_reps_of(routes: Sequence[Route], teams: Mapping[str, Sequence[str]], team_of: Mapping[str, str]) -> set[str]:
    """Return the reps that the routes may ask by name, by account, or by team."""
    found: set[str] = set()
    for one in routes:
        for target in one.targets:
            found |= _reps_of_target(one.case, target, teams, team_of)
    return found


def _reps_of_target(
    case: Case, target: Target, teams: Mapping[str, Sequence[str]], team_of: Mapping[str, str]
) -> set[str]:
    account = case.account
    if target.kind is TargetKind.REP:
        return {target.name}
    if account is None or target.kind not in {TargetKind.OWNER, TargetKind.TEAM}:
        return set()
    owners = {rep_id for rep_id in (account.owner_rep_id, account.opportunity_owner) if rep_id}
    mates = {mate for rep_id in owners for mate in teams.get(team_of.get(rep_id, ""), ())}
    return owners | (mates if target.kind is TargetKind.TEAM else set())

"""Why a lead went where it went: the rules as they looked at it, and a decision replayed under its own policy.

A decision carries the facts it was made from and the version of the policy; both never change. So the rules are not
remembered but asked again, and when the answer differs from the record, that is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.lead import Status
from shared.domain.target import Target, TargetKind
from shared.policy.compile import Match, Outcome, Policy, Qualification
from shared.policy.derive import Derived
from shared.policy.document import QueueKind
from shared.policy.explain import RuleTrace, trace
from shared.routing.policy.route import ask, directed, held_by
from workers.assignment.policy.wording import exclusion_words

_QUEUE_STATUS = {
    QueueKind.CLAIM: Status.POOLED,
    QueueKind.EXCEPTION: Status.HELD,
    QueueKind.FEEDBACK: Status.NURTURING,
}
_STATUS = {
    TargetKind.NURTURE: Status.NURTURING,
    TargetKind.DIVERT: Status.DIVERTED,
    TargetKind.SUPPRESS: Status.SUPPRESSED,
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a policy says of a lead's facts, with every rule as it looked at them.

    `outcome` is rule (without one: a clock or an answer has sent the lead on), unqualified or held; `held_by` is the
    reason when no target is tried at all.
    """

    outcome: str
    rule: str | None
    tier: str | None
    because: str
    qualification: Qualification
    rules: tuple[RuleTrace, ...]
    cascade: tuple[str, ...]
    held_by: str | None
    held_word: str | None
    unknown_fields: tuple[str, ...]

    @property
    def decisive(self) -> RuleTrace | None:
        """Return the rule that took the lead, or at which it was held."""
        if self.outcome == Outcome.RULE:
            return next((one for one in self.rules if one.name == self.rule), None)
        reached = [one for one in self.rules if one.reached]
        return reached[-1] if reached and reached[-1].result is None else None

    @property
    def passed_over(self) -> tuple[RuleTrace, ...]:
        """Return the rules before the decisive one, in order, and why they did not take the lead."""
        if self.outcome == Outcome.RULE and self.rule is None:
            return ()
        decisive = self.decisive
        return self.rules if decisive is None else self.rules[: self.rules.index(decisive)]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision of the assignment as it was written."""

    outcome: str
    rule: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replay:
    """The same decision made again from its inputs; `differences` are sentences, none when it agrees."""

    outcome: Status | None
    rule: str | None
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Colleague:
    """One rep of the pool that was asked: whether this one got the lead, and if not, why not."""

    rep_id: str
    chosen: bool
    why: str
    order: int | None
    credit: float
    open_leads: int
    owed: int


def explain_match(policy: Policy, derived: Derived, qualification: Qualification, match: Match) -> Explanation:
    """Add to what the policy says how every rule looked at the lead."""
    qualified = None if qualification.needs else qualification.passed
    return Explanation(
        outcome=str(match.outcome),
        rule=match.rule.name if match.rule else None,
        tier=str(match.rule.tier) if match.rule else None,
        because=match.rule.because if match.rule else "",
        qualification=qualification,
        rules=tuple(trace(policy, derived, qualified=qualified)),
        cascade=tuple(str(target) for target in match.cascade),
        held_by=held_by(match),
        held_word=match.held_word,
        unknown_fields=match.unknown_fields,
    )


def can_be_replayed(detail: Mapping[str, Any]) -> bool:
    """Say whether a decision carries its inputs: it does when rules were asked."""
    return "inputs" in detail and "tried" in detail


def explain_decision(policy: Policy, detail: Mapping[str, Any]) -> Explanation:
    """Explain a recorded decision under the policy it was made with; one that was sent somewhere asked no rule."""
    derived, qualification, match = _ask_again(policy, detail)
    return explain_match(policy, derived, qualification, match)


def _ask_again(policy: Policy, detail: Mapping[str, Any]) -> tuple[Derived, Qualification, Match]:
    derived, qualification, match = ask(policy, detail["inputs"]["facts"], detail["inputs"]["bad"])
    if "directive" in detail:
        match = directed(policy, tuple(Target.parse(text) for text in detail["directive"]["targets"]))
    return derived, qualification, match


def replay(policy: Policy, recorded: Recorded, seats: Sequence[Mapping[str, Any]] = ()) -> Replay:
    """Make a decision again and compare; `seats` is the pool as it stood when the rep was chosen, if one was."""
    _, _, match = _ask_again(policy, recorded.detail)
    rule = match.rule.name if match.rule else None
    tried: list[Mapping[str, Any]] = recorded.detail["tried"]
    outcome = _outcome(policy, tried)
    differences = [
        *_differs("rule", recorded.rule, rule),
        *_differs("outcome", recorded.outcome, None if outcome is None else str(outcome)),
        *_off_course(policy, match, tried),
        *_wrong_rep(recorded.detail, seats),
    ]
    return Replay(outcome, rule, tuple(differences))


def _differs(what: str, recorded: str | None, again: str | None) -> list[str]:
    return [] if recorded == again else [f"the record says {what} {recorded}, the replay {again}"]


def _outcome(policy: Policy, tried: Sequence[Mapping[str, Any]]) -> Status | None:
    """Return the status that follows from the target that took the lead."""
    taken = next((one["target"] for one in tried if one["result"] == "taken"), None)
    if taken is None:
        return None
    target = Target.parse(taken)
    if target.kind is TargetKind.QUEUE:
        return _QUEUE_STATUS[policy.queues[target.name].kind]
    return _STATUS.get(target.kind, Status.OFFERED)


def _off_course(policy: Policy, match: Match, tried: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say where the targets that were tried leave the cascade of the policy.

    A cascade ends early where a pool waits for its hours; what is tried then, and after its end, is the last queue.
    """
    course = [str(target) for target in match.cascade]
    walked = list(dict.fromkeys(one["target"] for one in tried))
    head, end = walked[:-1], walked[-1:]
    is_over = len(head) >= len(course) or any(one["result"] == "closed" for one in tried)
    last = str(policy.last_queue) if is_over else course[len(head)]
    if head == course[: len(head)] and end == [last]:
        return []
    return [f"the record tried {', '.join(walked) or 'nothing'}, the policy says {', '.join(course)}"]


def _wrong_rep(detail: Mapping[str, Any], seats: Sequence[Mapping[str, Any]]) -> list[str]:
    """Hold the chosen rep against the pool as it stood before the batch.

    Whose turn it was depends on what the batch had given before, here and by name; who may get anything does not.
    """
    rep_id = next((one.get("rep") for one in detail["tried"] if one["result"] == "taken"), None)
    if "pool" not in detail or not seats:
        return []
    is_eligible = any(one["eligible"] for one in seats if one["rep_id"] == rep_id)
    return [] if is_eligible else [f"{rep_id} was given the lead and was not eligible"]


def colleagues(seats: Sequence[Mapping[str, Any]], chosen: str | None, place: int = 0) -> list[Colleague]:
    """Return every rep of the pool with why this one did or did not get the lead.

    `place` is how many leads the pool had given before this one since it stood like that.
    """
    return [_colleague(seat, chosen, place) for seat in seats]


def _colleague(seat: Mapping[str, Any], chosen: str | None, place: int) -> Colleague:
    is_chosen = seat["rep_id"] == chosen
    return Colleague(
        rep_id=seat["rep_id"],
        chosen=is_chosen,
        why=_why(seat, place, is_chosen=is_chosen),
        order=seat["order"],
        credit=seat["credit"],
        open_leads=seat["open_leads"],
        owed=seat["owed"],
    )


def _why(seat: Mapping[str, Any], place: int, *, is_chosen: bool) -> str:
    excluded = exclusion_words(seat["reason"])
    if excluded is not None:
        return excluded
    ahead = f", with {place} leads of the batch before this one" if place else ""
    if is_chosen:
        return f"was number {seat['order']} in the line{ahead}"
    return f"was number {seat['order']} in the line: another's turn"

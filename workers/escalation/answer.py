"""Settles answers: claim, load, judge, apply, in one transaction; for events, commands and functions alike.

Answers about different leads are settled together. A second answer about the same lead waits for the next round, so
that each sees what the one before it did.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import apply_moves, write_notices
from shared.custody import reps as rep_queries
from shared.custody.answers import write_answers
from shared.custody.clock import Clocks
from shared.custody.move import Move
from shared.custody.reps import RosterShelf
from shared.db.policies import Version
from shared.db.transaction import Transaction
from shared.domain.lead import OwnerKind
from workers.escalation.policy import effects
from workers.escalation.policy.answers import Answer, Held, Kind, Rules, Verdict, judge
from workers.escalation.policy.effects import Setting
from workers.escalation.queries import answers as queries

_STAYING = frozenset({Kind.ACCEPT, Kind.TOUCH, Kind.SEE, Kind.BOOK})


def settle_answers(context: Context, tx: Transaction, answers: Sequence[Answer]) -> list[Verdict]:
    """Settle answers in the order given and say of each whether it stands."""
    version = context.policies.active(tx)
    if version is None:
        return [Verdict(one, "There is no policy yet, so nobody has a lead to answer for.") for one in answers]
    verdicts: dict[int, Verdict] = {}
    for places in _rounds(answers):
        found = _settle_round(context, tx, version, [answers[place] for place in places])
        verdicts |= dict(zip(places, found, strict=True))
    settled = [verdicts[place] for place in range(len(answers))]
    queries.settle(tx, settled)
    return settled


def _rounds(answers: Sequence[Answer]) -> list[list[int]]:
    """Return the places of the answers, round by round: a lead has one answer in each, and stands still while named."""
    rounds: list[list[int]] = []
    answered: dict[int, int] = {}
    named: dict[int, int] = {}
    for place, answer in enumerate(answers):
        original = answer.of or answer.lead_id
        number = max(answered.get(answer.lead_id, 0), named.get(answer.lead_id, 0), answered.get(original, 0))
        answered[answer.lead_id] = number + 1
        named[original] = max(named.get(original, 0), number + 1)
        rounds.extend([] for _ in range(number + 1 - len(rounds)))
        rounds[number].append(place)
    return rounds


def _settle_round(context: Context, tx: Transaction, version: Version, answers: Sequence[Answer]) -> list[Verdict]:
    leads = queries.claim(tx, {one.lead_id for one in answers} | {one.of for one in answers if one.of})
    rules = _rules(context, tx, version, answers, leads)
    verdicts = [judge(one, leads.get(one.lead_id), rules, leads.get(one.of or 0)) for one in answers]
    standing = [one.answer for one in verdicts if one.refusal is None and not one.known]
    _apply(context, tx, version, standing, leads)
    return verdicts


def _rules(
    context: Context, tx: Transaction, version: Version, answers: Sequence[Answer], leads: Mapping[int, Held]
) -> Rules:
    roster = rep_queries.load_roster(tx, context.shelf(RosterShelf))
    owners = {one.owner for one in leads.values() if one.owner and one.owner_kind is OwnerKind.REP}
    rep_queries.lock(tx, owners | {one.rep_id for one in answers})
    claims = [one for one in answers if one.kind is Kind.CLAIM]
    wanted = set(roster) if claims else {one.rep_id for one in answers}
    pooled = [one.lead_id for one in claims]
    limits = {name: queue.claim_limit.per for name, queue in version.policy.queues.items() if queue.claim_limit}
    return Rules(
        now=tx.started_at,
        recycle=version.policy.recycle,
        queues=version.policy.queues,
        reps=rep_queries.load_states(tx, roster, wanted),
        claims=queries.count_claims(tx, {one.rep_id for one in claims}, limits) if claims and limits else {},
        let_go=queries.load_let_go(tx, pooled) if pooled else {},
    )


def _apply(
    context: Context, tx: Transaction, version: Version, answers: Sequence[Answer], leads: Mapping[int, Held]
) -> None:
    inputs = queries.load_inputs(tx, [one.lead_id for one in answers if one.kind in {Kind.ACCEPT, Kind.CLAIM}])
    clocks = _clocks(context, tx, version)
    settings = {one.lead_id: _setting(context, tx, version, leads[one.lead_id], clocks) for one in answers}
    staying = [one for one in answers if one.kind in _STAYING]
    write_answers(
        tx,
        [
            effects.answered(one, leads[one.lead_id], inputs.get(one.lead_id, {}), settings[one.lead_id])
            for one in staying
        ],
    )
    leaving = [one for one in answers if one.kind not in _STAYING]
    moves = [_move(one, leads[one.lead_id], inputs, settings[one.lead_id]) for one in leaving]
    apply_moves(tx, moves)
    told = effects.notices_of([(move, leads[move.lead_id]) for move in moves], version.policy)
    tx.hand_on(TaskName.SEND, write_notices(tx, told))
    tx.hand_on(TaskName.ASSIGN, [move.lead_id for move in moves if move.directive])
    tx.hand_on(TaskName.ARM, [one.lead_id for one in answers if one.kind in {Kind.ACCEPT, Kind.CLAIM}])


def _move(answer: Answer, lead: Held, inputs: Mapping[int, Mapping[str, Any]], setting: Setting) -> Move:
    if answer.kind is Kind.CLAIM:
        return effects.claimed(answer, lead, inputs.get(lead.lead_id, {}), setting)
    if answer.kind is Kind.CONVERT:
        return effects.converted(answer, lead, setting)
    return effects.recycled(answer, lead, setting)


def _clocks(context: Context, tx: Transaction, version: Version) -> Clocks:
    roster = rep_queries.load_roster(tx, context.shelf(RosterShelf))
    return Clocks(version.calendars(tx.started_at), {rep_id: rep.calendar for rep_id, rep in roster.items()})


def _setting(context: Context, tx: Transaction, version: Version, lead: Held, clocks: Clocks) -> Setting:
    """Return the policy that a lead's clock is pinned to; a claim starts a new custody under the policy in force."""
    if lead.owner_kind is OwnerKind.REP and lead.policy_version:
        pinned = context.policies.version(tx, lead.policy_version)
        return Setting(tx.started_at, pinned.policy, pinned.number, clocks)
    return Setting(tx.started_at, version.policy, version.number, clocks)

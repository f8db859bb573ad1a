"""Who is in which pool with which share, and how that differs between two policies over one roster."""

from dataclasses import dataclass
from fractions import Fraction

from shared.domain.rep import Members, Rep, Roster
from shared.policy.document import PolicyDocument, Strategy


@dataclass(frozen=True, slots=True)
class Member:
    """An active rep of a pool; `share` of the leads it gives by weight, None where weights do not decide."""

    rep_id: str
    name: str
    weight: Fraction
    share: Fraction | None
    capacity: int | None


@dataclass(frozen=True, slots=True)
class PoolChange:
    """How the people of one pool change; `shares` are before and after of those who are in it both times."""

    pool: str
    joins: tuple[Member, ...]
    leaves: tuple[Member, ...]
    shares: tuple[tuple[str, Fraction | None, Fraction | None], ...]


def chosen(members: Members, roster: Roster) -> list[Rep]:
    """Return the active reps that a selector takes, by id."""
    return [rep for _, rep in sorted(roster.items()) if rep.is_active and members.matches(rep)]


def members(document: PolicyDocument, roster: Roster) -> dict[str, tuple[Member, ...]]:
    """Return the active members of every pool with their shares."""
    found = {}
    for pool in document.pools.values():
        reps = chosen(pool.members, roster)
        total = sum((rep.weight for rep in reps), Fraction(0))
        by_weight = pool.strategy is Strategy.WEIGHTED and total > 0
        found[pool.name] = tuple(
            Member(rep.rep_id, rep.name, rep.weight, rep.weight / total if by_weight else None, rep.capacity)
            for rep in reps
        )
    return found


def membership_changes(before: PolicyDocument, after: PolicyDocument, roster: Roster) -> tuple[PoolChange, ...]:
    """Return the pools whose people or shares differ, those of `after` first; a pool that is gone is left by all."""
    was, now = members(before, roster), members(after, roster)
    found = []
    for pool in dict.fromkeys((*now, *was)):
        old = {one.rep_id: one for one in was.get(pool, ())}
        new = {one.rep_id: one for one in now.get(pool, ())}
        if old == new:
            continue
        shares = tuple((rep_id, old[rep_id].share, new[rep_id].share) for rep_id in new if rep_id in old)
        joins = tuple(one for rep_id, one in new.items() if rep_id not in old)
        leaves = tuple(one for rep_id, one in old.items() if rep_id not in new)
        found.append(PoolChange(pool, joins, leaves, tuple(one for one in shares if one[1] != one[2])))
    return tuple(found)

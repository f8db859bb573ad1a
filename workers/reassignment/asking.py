"""From what a command line or a message asks for to an order: keys become leads, versions become a difference."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.bus.context import Context
from shared.db.transaction import transaction
from shared.domain.target import Target
from shared.normal.email import normal_email
from workers.reassignment.planning import difference_of
from workers.reassignment.policy.order import Order
from workers.reassignment.policy.reading import read_order, read_target
from workers.reassignment.queries.scope import resolve_keys


@dataclass(frozen=True, slots=True)
class Named:
    """One line of a list of leads: which lead, and to whom it is to go where the line says so."""

    line: int
    key: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """An order, and the lines that name no lead, or a lead that an earlier line names, with the reason."""

    order: Order
    rejected: tuple[tuple[Named, str], ...] = ()


def ask(context: Context, words: Mapping[str, Any], named: Iterable[Named] | None = None) -> Asked:
    """Return the order that words and named leads make; raises UsageError that names what is wrong and the mend."""
    wanted = words.get("policy_diff")
    difference = difference_of(context, "live" if wanted is True else str(wanted)) if wanted else None
    if named is None:
        return Asked(read_order(words, None, difference))
    lines = list(named)
    found = _resolve(context, lines)
    leads: dict[int, Target | None] = {}
    rejected: list[tuple[Named, str]] = []
    for one in lines:
        lead_id = found.get(one.key)
        if lead_id is None:
            rejected.append((one, "no lead has this key"))
        elif lead_id in leads:
            rejected.append((one, f"lead {lead_id} is named by an earlier line"))
        else:
            leads[lead_id] = read_target(one.owner) if one.owner else None
    return Asked(read_order({**words, "leads": True}, leads, difference), tuple(rejected))


def _resolve(context: Context, lines: Iterable[Named]) -> dict[str, int]:
    keys = {one.key: _email(one.key) for one in lines}
    with transaction(context.engine) as tx:
        return resolve_keys(tx, keys)


def _email(key: str) -> str | None:
    found = normal_email(key) if "@" in key else None
    return found.key if found else None


def named_of(rows: Iterable[Any]) -> list[Named]:
    """Return the leads that a message names: keys, or objects with `lead` and perhaps `owner`."""
    return [
        Named(line, str(row["lead"]), row.get("owner")) if isinstance(row, Mapping) else Named(line, str(row))
        for line, row in enumerate(rows, start=1)
    ]

"""Checks policies and puts them into force: errors are refused, warnings only on purpose and on the record."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from shared.bus.assembly import find_servers
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import reps as rep_queries
from shared.custody import write_notices
from shared.custody.reps import RosterShelf
from shared.db import policies
from shared.db.engine import open_engine
from shared.db.migrate import current, is_usable
from shared.db.policies import Planned, Version
from shared.db.transaction import Transaction, transaction
from shared.domain.rep import Roster
from shared.errors import InputFileError, RefusedError, UnavailableError
from shared.policy.check import check_policy
from shared.policy.errors import Finding, PolicyError, Severity
from shared.policy.parse import parse_policy
from shared.settings import Settings
from workers.assignment.policy.heralding import change_words, heralds
from workers.assignment.queries import versions as queries


@dataclass(frozen=True, slots=True)
class Activated:
    """A version that is in force, or comes into force at `effective_at`; `is_new` is False when it was already.

    `planned` are the other activations that are still to come: they take effect whatever is in force until then.
    """

    version: int
    name: str
    is_new: bool
    effective_at: datetime | None
    overridden: tuple[Finding, ...]
    planned: tuple[Planned, ...] = ()

    def as_record(self) -> dict[str, object]:
        """Give the activation as a document, without its findings."""
        return {
            "version": self.version,
            "name": self.name,
            "new": self.is_new,
            "effective_at": self.effective_at,
            "planned": self.planned,
        }


@dataclass(frozen=True, slots=True)
class _Order:
    """Who wants a version in force, when, and why."""

    made_by: str
    note: str | None = None
    approved_by: str | None = None
    at: datetime | None = None


def read_document(file: str) -> str:
    """Return the text of a policy file; `-` is standard input."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise InputFileError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputFileError(f"{file} is not UTF-8 at byte {error.start}: save it as UTF-8.") from error


def check_document(document: str, roster: Roster | None) -> tuple[Finding, ...]:
    """Return what is wrong with a document; one that cannot be read has the findings of its reading."""
    try:
        return check_policy(parse_policy(document), roster)
    except PolicyError as error:
        return error.findings


def roster_if_reachable(settings: Settings) -> Roster | None:
    """Return the reps of a database that answers and is at our schema; None otherwise. Nothing is started."""
    try:
        engine = open_engine(find_servers(settings).database_url)
    except UnavailableError:
        return None
    try:
        if not is_usable(current(engine)):
            return None
        with transaction(engine) as tx:
            return rep_queries.load_roster(tx, RosterShelf())
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()


def activate_document(
    context: Context,
    document: str,
    *,
    made_by: str,
    override: bool = False,
    note: str | None = None,
    approved_by: str | None = None,
    at: datetime | None = None,
) -> Activated:
    """Store a document and put it into force; errors are refused, and warnings too unless they are overridden."""
    with transaction(context.engine, context.publisher) as tx:
        findings = check_document(document, rep_queries.load_roster(tx, context.shelf(RosterShelf)))
        errors = [one for one in findings if one.severity is Severity.ERROR]
        if errors:
            raise PolicyError(errors)
        warnings = [one for one in findings if one.severity is Severity.WARNING]
        _refuse_warnings(warnings, override=override)
        name = parse_policy(document).name
        number = policies.store(tx, document, name=name, by=made_by)
        return _put_into_force(tx, context, number, name, warnings, _Order(made_by, note, approved_by, at))


def roll_back(
    context: Context, number: int, *, made_by: str, override: bool = False, note: str | None = None
) -> Activated:
    """Put a stored version back into force.

    It was checked once; what is found wrong with it today, a rep who has departed since, say, can be overridden.
    """
    with transaction(context.engine, context.publisher) as tx:
        row = queries.load_document(tx, number)
        if row is None:
            raise RefusedError(f"There is no policy version {number}: baton policy list shows those there are.")
        findings = check_document(row["document"], rep_queries.load_roster(tx, context.shelf(RosterShelf)))
        wrong = [one for one in findings if one.severity is not Severity.INFO]
        _refuse_warnings(wrong, override=override)
        return _put_into_force(tx, context, number, row["name"], wrong, _Order(made_by, note))


def _refuse_warnings(warnings: Sequence[Finding], *, override: bool) -> None:
    if warnings and not override:
        lines = "\n".join(f"  {one}" for one in warnings)
        count = f"{len(warnings)} warning{'s' if len(warnings) != 1 else ''}"
        raise RefusedError(
            f"{count}; mend the policy, or put it into force all the same with --yes "
            f"(--approved-by and --note say on record who agreed and why):\n{lines}"
        )


def _put_into_force(
    tx: Transaction, context: Context, number: int, name: str, overridden: Sequence[Finding], order: _Order
) -> Activated:
    instant = policies.take_turn(tx)
    if order.at is not None and order.at <= instant:
        raise RefusedError(f"{order.at:%Y-%m-%d %H:%M:%S} UTC is past: what was decided then stays decided.")
    planned = policies.load_planned(tx)
    former = context.policies.active(tx, order.at or instant)
    is_new = _changes(context.policies.active(tx, instant), planned, number, order.at)
    if is_new:
        policies.activate(
            tx,
            number,
            by=order.made_by,
            note=order.note,
            approved_by=order.approved_by,
            overridden=[{"code": one.code, "line": one.line, "message": one.message} for one in overridden],
            effective_at=order.at or instant,
        )
        _herald(tx, context, former, number, order)
    others = tuple(one for one in planned if (one.version, one.effective_at) != (number, order.at))
    return Activated(number, name, is_new, order.at, tuple(overridden), others)


def _herald(tx: Transaction, context: Context, former: Version | None, number: int, order: _Order) -> None:
    """Tell those who answer for the policy and its stages what changes; the first policy of all changes nothing."""
    if former is None:
        return
    document, old = context.policies.version(tx, number).policy.document, former.policy.document
    text = change_words((former.number, old), number, document, by=order.made_by, at=order.at)
    if text is not None:
        tx.hand_on(TaskName.SEND, write_notices(tx, heralds(old, document, text)))


def _changes(in_force: Version | None, planned: Sequence[Planned], number: int, at: datetime | None) -> bool:
    """Say whether an activation would change anything: the same again is the same plan, or in force already."""
    if at is not None:
        return (number, at) not in {(one.version, one.effective_at) for one in planned}
    return in_force is None or in_force.number != number


def fallbacks_of(version: Version) -> list[dict[str, str]]:
    """Return, for every rule and every other way out, the places in the order of trying."""
    policy = version.policy
    rows = [
        _fallback(f"rule {one.rule.name}", [str(target) for target in one.cascade]) for one in policy.compiled_rules()
    ]
    if policy.otherwise is not None:
        rows.append(_fallback("not qualified", [str(policy.otherwise)]))
    if policy.last_queue is not None:
        rows.append(_fallback("a fact or word that a rule needs is not understood", [str(policy.last_queue)]))
    away = f"offered {policy.on_away.offered}, accepted {policy.on_away.accepted}"
    gone = f"offered {policy.on_departed.offered}, accepted {policy.on_departed.accepted}"
    rows += [_fallback("the owner is away", [away]), _fallback("the owner departs", [gone])]
    rows += [_fallback(f"recycled: {one.name}", [str(one.to)]) for one in policy.recycle.values()]
    return rows


def _fallback(when: str, places: Sequence[str]) -> dict[str, str]:
    middle = ", ".join(places[1:-1])
    return {"when": when, "first": places[0], "then": middle, "last": places[-1] if len(places) > 1 else ""}

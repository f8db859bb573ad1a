"""Plans: made, looked at, and moved from state to state."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from shared.db.arrays import as_json, rows_as_json
from shared.db.transaction import Transaction
from workers.reassignment.policy.order import Order, Plan, Planned, PlanState

Row = dict[str, Any]


def create_plan(tx: Transaction, order: Order, policy_version: int) -> int | None:
    """Begin a plan and return its id; None when the same message has asked for it before."""
    plan_id = tx.value(
        """
        INSERT INTO reassignment_plan (
            scope, target, clock, accepted, policy_version, request_id, note, made_by, expires_at)
        VALUES (%(scope)s::jsonb, %(target)s, %(clock)s, %(accepted)s, %(version)s, %(request)s, %(note)s, %(by)s,
            now() + make_interval(secs => %(expires)s))
        ON CONFLICT (request_id) DO NOTHING RETURNING plan_id
        """,
        scope=as_json(order.scope.as_document() | ({"cap": order.cap} if order.cap is not None else {})),
        target=order.target_text,
        clock=order.clock,
        accepted=order.accepted,
        version=policy_version,
        request=order.request_id,
        note=order.note,
        by=order.made_by,
        expires=order.expires_after.total_seconds(),
    )
    return None if plan_id is None else int(plan_id)


def find_request(tx: Transaction, request_id: str) -> int:
    """Return the plan that a message has asked for."""
    return int(tx.value("SELECT plan_id FROM reassignment_plan WHERE request_id = %(id)s", id=request_id))


def add_planned(tx: Transaction, plan_id: int, planned: Sequence[Planned]) -> None:
    """Write leads of a plan."""
    if planned:
        tx.run(
            """
            INSERT INTO reassignment_move (plan_id, lead_id, state, reason, epoch, from_status, from_kind, from_owner,
                to_kind, to_owner, pool, rule, ladder)
            SELECT %(plan)s, lead_id, state, reason, epoch, from_status, from_kind, from_owner,
                to_kind, to_owner, pool, rule, ladder
            FROM json_to_recordset(%(rows)s) AS row(lead_id bigint, state text, reason text, epoch integer,
                from_status text, from_kind text, from_owner text, to_kind text, to_owner text, pool text, rule text,
                ladder smallint)
            """,
            plan=plan_id,
            rows=rows_as_json(planned),
        )


def finish_planning(tx: Transaction, plan_id: int, unchanged: int) -> None:
    """Count what was planned; from here on the plan can be reviewed and applied."""
    tx.run(
        """
        UPDATE reassignment_plan SET state = 'planned', unchanged = %(unchanged)s,
            pending = counted.pending, blocked = counted.blocked
        FROM (
            SELECT count(*) FILTER (WHERE state = 'pending') AS pending,
                count(*) FILTER (WHERE state = 'blocked') AS blocked
            FROM reassignment_move WHERE plan_id = %(plan)s
        ) AS counted
        WHERE plan_id = %(plan)s
        """,
        plan=plan_id,
        unchanged=unchanged,
    )


def lock_plan(tx: Transaction, plan_id: int, *, wait: bool = True) -> Plan | None:
    """Lock a plan and return it; None when there is none, or, without waiting, when a batch of it is under way."""
    row = tx.row(
        "SELECT * FROM reassignment_plan WHERE plan_id = %(plan)s FOR UPDATE"
        if wait
        else "SELECT * FROM reassignment_plan WHERE plan_id = %(plan)s FOR UPDATE SKIP LOCKED",
        plan=plan_id,
    )
    if row is None:
        return None
    return Plan(
        plan_id=row.plan_id,
        state=PlanState(row.state),
        clock=row.clock,
        accepted=row.accepted,
        policy_version=row.policy_version,
        kind=row.scope["kind"],
        made_by=(row.undone_by if row.state == PlanState.UNDOING else row.applied_by) or row.made_by,
        note=row.note,
        rate=row.rate,
        told_at=row.told_at,
        tallies={name: getattr(row, name) for name in ("pending", "blocked", "moved", "skipped", "undone", "kept")},
    )


def is_quiet(tx: Transaction, seconds: float) -> bool:
    """Say whether no event was captured for so long: then no new lead waits for the reps of a batch."""
    return bool(
        tx.value(
            """
            SELECT coalesce(max(received_at) < now() - make_interval(secs => %(seconds)s), true) FROM (
                SELECT received_at FROM intake_batch ORDER BY batch_id DESC LIMIT 1) AS last
            """,
            seconds=seconds,
        )
    )


def load_plan(tx: Transaction, plan_id: int) -> Row | None:
    """Return a plan as it stands, and whether it has expired."""
    row = tx.row(
        "SELECT *, expires_at <= now() AS expired FROM reassignment_plan WHERE plan_id = %(plan)s", plan=plan_id
    )
    return None if row is None else row._asdict()


def list_plans(tx: Transaction, limit: int) -> list[Row]:
    """Return the newest plans; who is still being planned is not there yet."""
    rows = tx.rows(
        "SELECT *, expires_at <= now() AS expired FROM reassignment_plan ORDER BY plan_id DESC LIMIT %(limit)s",
        limit=limit,
    )
    return [row._asdict() for row in rows]


def start_applying(tx: Transaction, plan_id: int, made_by: str, rate: float | None) -> None:
    """Let the plan move from now on."""
    tx.run(
        """
        UPDATE reassignment_plan SET state = 'applying', applied_by = %(by)s, applied_at = coalesce(applied_at, now()),
            rate = %(rate)s, next_at = now(), told_at = coalesce(told_at, now()), finished_at = NULL
        WHERE plan_id = %(plan)s
        """,
        plan=plan_id,
        by=made_by,
        rate=rate,
    )


def start_undoing(tx: Transaction, plan_id: int, made_by: str, rate: float | None) -> None:
    """Let the plan go back from now on."""
    tx.run(
        """
        UPDATE reassignment_plan SET state = 'undoing', undone_by = %(by)s, undone_at = coalesce(undone_at, now()),
            rate = %(rate)s, next_at = now(), told_at = now(), finished_at = NULL
        WHERE plan_id = %(plan)s
        """,
        plan=plan_id,
        by=made_by,
        rate=rate,
    )


def set_state(tx: Transaction, plan_id: int, state: PlanState) -> None:
    """Move a plan to a state in which nothing of it moves."""
    tx.run(
        """
        UPDATE reassignment_plan SET state = %(state)s, next_at = NULL,
            finished_at = CASE WHEN %(state)s IN ('applied', 'cancelled', 'undone') THEN now() END
        WHERE plan_id = %(plan)s
        """,
        plan=plan_id,
        state=str(state),
    )


def count_settled(tx: Transaction, plan_id: int, change: Mapping[str, int], delay_seconds: float) -> None:
    """Add what a batch has settled to the plan's tallies, and say when the next batch is due."""
    tx.run(
        """
        UPDATE reassignment_plan SET pending = pending + %(pending)s, moved = moved + %(moved)s,
            skipped = skipped + %(skipped)s, undone = undone + %(undone)s, kept = kept + %(kept)s,
            next_at = now() + make_interval(secs => %(delay)s)
        WHERE plan_id = %(plan)s
        """,
        plan=plan_id,
        delay=delay_seconds,
        **{name: change.get(name, 0) for name in ("pending", "moved", "skipped", "undone", "kept")},
    )


def note_told(tx: Transaction, plan_id: int) -> None:
    """Remember that reps know of everything that was settled until now."""
    tx.run("UPDATE reassignment_plan SET told_at = now() WHERE plan_id = %(plan)s", plan=plan_id)


def count_ways(tx: Transaction, plan_id: int, states: Collection[str]) -> list[Row]:
    """Return how many leads go from whom to whom, the most first."""
    rows = tx.rows(
        """
        SELECT from_kind, from_owner, to_kind, to_owner, count(*) AS leads FROM reassignment_move
        WHERE plan_id = %(plan)s AND state = ANY(%(states)s::text[])
        GROUP BY from_kind, from_owner, to_kind, to_owner ORDER BY leads DESC, from_owner, to_owner
        """,
        plan=plan_id,
        states=sorted(states),
    )
    return [row._asdict() for row in rows]


def count_reasons(tx: Transaction, plan_id: int) -> list[Row]:
    """Return why leads did not move, did not come back, or cannot move, with the first ten of each."""
    rows = tx.rows(
        """
        SELECT state, reason, count(*) AS leads, (array_agg(lead_id ORDER BY lead_id))[1:10] AS lead_ids
        FROM reassignment_move WHERE plan_id = %(plan)s AND reason IS NOT NULL
        GROUP BY state, reason ORDER BY state, leads DESC, reason
        """,
        plan=plan_id,
    )
    return [row._asdict() for row in rows]


def load_loads(tx: Transaction, rep_ids: Collection[str]) -> dict[str, tuple[int, int | None]]:
    """Return how many leads each rep holds now, and how many the rep may hold."""
    rows = tx.rows(
        """
        SELECT rep_id, coalesce(open_leads, 0) AS open_leads, capacity FROM rep LEFT JOIN rep_load USING (rep_id)
        WHERE rep_id = ANY(%(ids)s::text[])
        """,
        ids=sorted(rep_ids),
    )
    return {row.rep_id: (row.open_leads, row.capacity) for row in rows}


def load_moves(tx: Transaction, plan_id: int, state: str | None, after: int, limit: int) -> list[Row]:
    """Return leads of a plan in order of their ids, those after one, with who they are."""
    rows = tx.rows(
        """
        SELECT lead_id, sheet -> 'facts' ->> 'email' AS email, sheet -> 'facts' ->> 'company' AS company, state, reason,
            from_status, from_owner, to_owner, pool, rule, settled_at
        FROM reassignment_move LEFT JOIN fact_sheet USING (lead_id)
        WHERE plan_id = %(plan)s AND lead_id > %(after)s AND (%(state)s::text IS NULL OR state = %(state)s)
        ORDER BY lead_id LIMIT %(limit)s
        """,
        plan=plan_id,
        state=state,
        after=after,
        limit=limit,
    )
    return [row._asdict() for row in rows]


def load_unmoved(tx: Transaction, plan_id: int, limit: int) -> list[Row]:
    """Return leads of a plan that did not move or did not come back, by id."""
    rows = tx.rows(
        """
        SELECT lead_id, state, reason, from_owner, to_owner FROM reassignment_move
        WHERE plan_id = %(plan)s AND reason IS NOT NULL ORDER BY lead_id LIMIT %(limit)s
        """,
        plan=plan_id,
        limit=limit,
    )
    return [row._asdict() for row in rows]

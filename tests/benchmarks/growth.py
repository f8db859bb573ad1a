"""How the cost of a lead grows with the tables: the same run before and after they hold ten times as much."""

from typing import Any

import psycopg

from tests.benchmarks.pipeline import run_pipeline
from tests.benchmarks.place import Place
from workers.processes.system import System

#: So many leads stand beside each lead of the runs before, with all that belongs to a lead.
COPIES = 10

#: What belongs to a lead, by table; columns that are numbered by the table itself are left to it.
_TABLES = ("event_key", "event", "fact_sheet", "person_key", "decision", "assignment", "deadline")
_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
    AND (is_identity = 'NO' OR table_name = 'lead')
ORDER BY ordinal_position
"""
#: How a copy differs from its original: another lead, another event, another person, given out on another day, so that
#: no cap of today and no clock of these minutes has to do with it.
_CHANGED = {
    "lead_id": "lead_id + copy * {span}",
    "merged_into": "merged_into + copy * {span}",
    "event_id": "event_id || '-' || copy",
    "key": "key || '-' || copy",
    "email": "email || '-' || copy",
    "started_at": "started_at - make_interval(days => copy)",
    "due_at": "due_at + make_interval(days => copy)",
}


def run_growth(place: Place, system: System, leads: int, *, first: int) -> dict[str, Any]:
    """Run before and after the tables are filled; no statistics are gathered but by the server's own habit."""
    before = run_pipeline(place, system, leads, first=first)
    rows = _fill(place)
    after = run_pipeline(place, system, leads, first=first + leads)
    postgres = [run["cpu_us_per_lead"].get("postgres") for run in (before, after)]
    return {
        "leads_before": rows // (COPIES + 1),
        "leads_after": rows,
        "steady_leads_per_second": [before["steady_leads_per_second"], after["steady_leads_per_second"]],
        "total_cpu_us_per_lead": [run["cpu_us_per_lead"].get("total") for run in (before, after)],
        "postgres_cpu_us_per_lead": postgres,
        "cost_ratio": round(postgres[1] / postgres[0], 2) if postgres[0] and postgres[1] else None,
    }


def _fill(place: Place) -> int:
    """Copy every lead that is at rest, and return how many leads there are then."""
    with psycopg.connect(place.database_url) as connection:
        span = _number(connection, "SELECT max(lead_id) FROM lead")
        for table in ("lead", *_TABLES):
            connection.execute(_copy_sql(connection, table, span).encode())
        connection.execute("SELECT setval('lead_lead_id_seq', (SELECT max(lead_id) FROM lead))")
        return _number(connection, "SELECT count(*) FROM lead")


def _copy_sql(connection: psycopg.Connection[Any], table: str, span: int) -> str:
    names = [row[0] for row in connection.execute(_COLUMNS, [table])]
    changed = {name: text.format(span=span) for name, text in _CHANGED.items()}
    if table in {"event", "event_key"}:
        changed["id"] = "id || '-' || copy"
    values = ", ".join(changed.get(name, name) for name in names)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE "
        f"SELECT {values} FROM {table}, generate_series(1, {COPIES}) AS copy"
    )


def _number(connection: psycopg.Connection[Any], sql: str) -> int:
    row = connection.execute(sql.encode()).fetchone()
    return int(row[0]) if row and row[0] is not None else 0

"""An outbox over a real database, and a receiver that the test directs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from shared.bus.context import Context
from shared.bus.publisher import MemoryPublisher
from shared.bus.stream import EventStream, connect
from shared.custody import Notice, write_notices
from shared.db.arrays import as_json
from shared.db.engine import open_engine
from shared.db.transaction import transaction
from shared.metrics import NOTIFICATIONS
from shared.settings import Settings
from shared.tallied import Entry
from tests.fixtures.receiver import Receiver, receiver
from workers.audit.queries.gauges import load_tallies
from workers.notification.tasks import send

REPS = (
    ("ann", "Ann Lee", "U0ANN00", None, "#west-managers", None),
    ("bob", "Bob Ray", None, "bob@seller.example", "#west-managers", None),
    ("cem", "Cem Ozan", "U0CEM00", None, None, "boss@seller.example"),
    ("dot", "Dot Nobody", None, None, None, None),
)


@dataclass(slots=True)
class Outbox:
    """The outbox of this test: write notices, send what is due, look at what became of it."""

    context: Context
    hints: MemoryPublisher

    def write(self, *notices: Notice) -> list[int]:
        """Write notices as a room does, and return their ids."""
        with transaction(self.context.engine) as tx:
            return write_notices(tx, notices)

    def send(self) -> None:
        """Run the task once."""
        send(self.context, [1])

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run one statement of the test's own."""
        with self.context.engine.begin() as connection:
            result = connection.exec_driver_sql(sql, parameters)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    def notices(self) -> list[dict[str, Any]]:
        """Return all notices as reports see them."""
        return self.rows("SELECT * FROM report.notification ORDER BY notification_id")

    def outcomes(self) -> list[str | None]:
        """Return the outcome of each notice, in the order of writing."""
        return [row["outcome"] for row in self.notices()]

    def counted(self, channel: str, outcome: str) -> int:
        """Return what the tally says of a channel and an outcome."""
        with transaction(self.context.engine) as tx:
            return int(load_tallies(tx).get(Entry(NOTIFICATIONS.name, (channel, outcome), None), 0))

    def seconds_to_next(self) -> list[float]:
        """Return how long each notice that has no outcome waits for its next attempt."""
        rows = self.rows(
            "SELECT extract(epoch FROM next_attempt_at - now()) AS seconds FROM notice "
            "WHERE outcome IS NULL ORDER BY notice_id"
        )
        return [float(row["seconds"]) for row in rows]

    def pass_time(self, seconds: int = 7200) -> None:
        """Let so much time pass for every pause, lease and pace."""
        for table, columns in (("notice", ("next_attempt_at",)), ("notice_line", ("busy_until", "free_at"))):
            moved = ", ".join(f"{column} = {column} - make_interval(secs => %(seconds)s)" for column in columns)
            self.rows(f"UPDATE {table} SET {moved}", seconds=seconds)

    def lead(self, company: str = "Acme", owner: str | None = "ann", **facts: Any) -> int:
        """Write a lead with its facts and, where it has one, its owner; return its id."""
        return int(
            self.rows(
                """
                WITH new AS (
                    INSERT INTO lead (event_source, event_id, received_at)
                    VALUES ('/form', gen_random_uuid()::text, now() - interval '3 hours') RETURNING lead_id
                ), sheet AS (
                    INSERT INTO fact_sheet (lead_id, sheet)
                    SELECT lead_id, jsonb_build_object('facts', %(facts)s::jsonb) FROM new
                ), owned AS (
                    INSERT INTO assignment (lead_id, epoch, owner_kind, owner, reason, policy_version)
                    SELECT lead_id, 1, 'rep', %(owner)s, 'rule', 1 FROM new WHERE %(owner)s::text IS NOT NULL
                )
                SELECT lead_id FROM new
                """,
                facts=as_json({"company": company, **facts}),
                owner=owner,
            )[0]["lead_id"]
        )


@pytest.fixture
def slack() -> Iterator[Receiver]:
    """Slack and a webhook's receiver, good unless told otherwise."""
    with receiver() as there:
        yield there


@pytest.fixture
def open_outbox(database_url: str, redis_url: str) -> Iterator[Callable[..., Outbox]]:
    """Open outboxes over one database, each with its own settings, as so many workers would."""
    opened: list[Context] = []

    def open_one(**settings: Any) -> Outbox:
        hints = MemoryPublisher()
        known = Settings(**{"notice_timeout_seconds": 2.0, **settings})
        context = Context(open_engine(database_url), hints, EventStream(connect(redis_url), "events"), known)
        opened.append(context)
        return Outbox(context, hints)

    with transaction(open_one().context.engine) as tx:
        for row in REPS:
            tx.run(
                """
                INSERT INTO rep (rep_id, name, slack_id, email, manager_channel, manager_email, status, as_of)
                VALUES (%(id)s, %(name)s, %(slack)s, %(email)s, %(channel)s, %(manager)s, 'active', now())
                """,
                **dict(zip(("id", "name", "slack", "email", "channel", "manager"), row, strict=True)),
            )
    yield open_one
    for context in opened:
        context.engine.dispose()
        context.stream.client.close()


@pytest.fixture
def outbox(open_outbox: Callable[..., Outbox], slack: Receiver) -> Outbox:
    """An outbox with a Slack app and the marketing webhook."""
    return open_outbox(**slack.settings(webhook=True))

"""What has arrived: asked by those who publish and by those who wait."""

from collections.abc import Collection
from dataclasses import dataclass

from shared.db.transaction import Transaction


def load_captured(tx: Transaction, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those (source, id) that intake has captured."""
    rows = tx.rows(
        """
        SELECT source, id FROM event_key JOIN unnest(%(sources)s::text[], %(ids)s::text[]) AS asked(source, id)
            USING (source, id)
        """,
        sources=[source for source, _ in keys],
        ids=[event_id for _, event_id in keys],
    )
    return {(row.source, row.id) for row in rows}


def load_quarantined(tx: Transaction, digests: Collection[bytes]) -> set[bytes]:
    """Return those SHA-256 under which something waits in quarantine."""
    rows = tx.rows(
        "SELECT sha256 FROM quarantine WHERE sha256 = ANY(%(digests)s::bytea[]) AND resolved_at IS NULL",
        digests=list(digests),
    )
    return {row.sha256 for row in rows}


@dataclass(frozen=True, slots=True)
class Moving:
    """How many leads are not at rest, and whether a policy is in force that could bring them there."""

    received: int
    #: In the buffer, and due to leave it.
    buffering: int
    #: In the buffer for a time that has not run out.
    held_back: int
    matched: int
    has_policy: bool


def load_moving(tx: Transaction) -> Moving:
    """Count the leads that stand in a moving status."""
    row = tx.rows(
        """
        SELECT count(*) FILTER (WHERE status = 'received') AS received,
            count(*) FILTER (WHERE status = 'buffering' AND NOT coalesce(release_at > now(), false)) AS buffering,
            count(*) FILTER (WHERE status = 'buffering' AND release_at > now()) AS held_back,
            count(*) FILTER (WHERE status = 'matched') AS matched,
            EXISTS (SELECT FROM policy_activation WHERE effective_at <= now()) AS has_policy
        FROM lead WHERE moving
        """
    )[0]
    return Moving(row.received, row.buffering, row.held_back, row.matched, row.has_policy)

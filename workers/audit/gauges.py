"""The statements behind the exporter's gauges: they read tallies and never count tables."""

from shared.db.transaction import Transaction


def load_statuses(tx: Transaction) -> dict[str, int]:
    """Return how many leads stand in each status."""
    rows = tx.rows("SELECT status, sum(leads)::bigint AS leads FROM status_tally GROUP BY status")
    return {row.status: row.leads for row in rows}

"""Tallies for what dashboards ask every few seconds: metrics, ages of statuses, findings of the laws' checks."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tallies and begin them with what the tables hold."""
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql"))

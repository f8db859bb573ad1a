"""Decisions of leads that have ended may be dropped by the month; how many they were stays counted."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of carried counts."""
    run_script(op.get_bind(), Path(__file__).with_name("0010_dropped_decisions.sql"))

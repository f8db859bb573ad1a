"""Planned activations can be cancelled; what was in force, and what a version says, stays as it is."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the record of cancelled plans, and the triggers that keep versions and history."""
    run_script(op.get_bind(), Path(__file__).with_name("0002_planned_policies.sql"))

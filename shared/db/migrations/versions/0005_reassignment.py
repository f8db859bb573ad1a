"""Bulk reassignment: plans, and what became of each of their leads."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and views of plans from the SQL file beside this one."""
    run_script(op.get_bind(), Path(__file__).with_name("0005_reassignment.sql"))

"""Old events may be dropped by the month; what they were stays counted."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of carried counts, and let the books of conservation add them."""
    run_script(op.get_bind(), Path(__file__).with_name("0009_dropped_months.sql"))

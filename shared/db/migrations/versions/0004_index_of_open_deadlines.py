"""The index of open deadlines carries the ladder, so that the keeper finds what is late in the index alone."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the index anew."""
    run_script(op.get_bind(), Path(__file__).with_name("0004_index_of_open_deadlines.sql"))

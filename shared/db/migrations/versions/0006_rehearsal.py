"""What a rehearsal needs to decide history again: who could take the leads of a batch, and the reps as they were."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables from the SQL file beside this one."""
    run_script(op.get_bind(), Path(__file__).with_name("0006_rehearsal.sql"))

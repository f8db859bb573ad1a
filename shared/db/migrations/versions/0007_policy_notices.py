"""A notice may speak of the routing policy itself."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the kinds of notices have one more word."""
    run_script(op.get_bind(), Path(__file__).with_name("0007_policy_notices.sql"))

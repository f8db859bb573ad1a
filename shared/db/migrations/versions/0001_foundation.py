"""The foundation: capture, leads, custody, policy, reports."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, trigger and view from the SQL files beside this one."""
    for name in ("0001_foundation.sql", "0001_views.sql"):
        run_script(op.get_bind(), Path(__file__).with_name(name))

"""That a policy was looked through is on the record, so that it can be said when that is due again."""

from pathlib import Path

from alembic import op

from shared.db.script import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of reviews."""
    run_script(op.get_bind(), Path(__file__).with_name("0008_policy_reviews.sql"))

"""${message}.

Written so that the code of the release before this one keeps working on the new schema: add now, fill in batches, take
away in a later release. Statements wait at most four seconds for a lock.
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "op.execute('')"}

"""What every command of ops begins with: the policy in force."""

from datetime import datetime

from shared.db.policies import PolicyShelf, Version
from shared.db.transaction import Transaction
from shared.errors import RefusedError


def active_policy(tx: Transaction, policies: PolicyShelf, at: datetime | None = None) -> Version:
    """Return the policy in force, now or at an instant; raises RefusedError when there is none."""
    version = policies.active(tx, at)
    if version is None and at is not None:
        raise RefusedError(
            f"No policy is in force at {at:%Y-%m-%d %H:%M:%S} UTC: `baton policy list` shows when which one is."
        )
    if version is None:
        raise RefusedError("No policy is in force: put one there with `baton policy activate FILE`.")
    return version

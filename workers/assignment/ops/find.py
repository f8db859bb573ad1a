"""What every command of ops begins with: the policy in force."""

from shared.db.policies import PolicyShelf, Version
from shared.db.transaction import Transaction
from shared.errors import RefusedError


def active_policy(tx: Transaction, policies: PolicyShelf) -> Version:
    """Return the policy in force; raises RefusedError when there is none."""
    version = policies.active(tx)
    if version is None:
        raise RefusedError("No policy is in force: put one there with `baton policy activate FILE`.")
    return version

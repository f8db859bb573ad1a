"""What somebody has to mend after a rep has left, in one line."""

from shared.policy.mentions import Mentions


def mending_words(rep_id: str, hangs: Mentions, accounts: int, opportunities: int) -> str | None:
    """Say what still counts on a rep who has departed; None where nothing does."""
    rules = [f"rule {one.rule} names them" for one in hangs.rules]
    named = [f"pool {one.name} names them" for one in hangs.pools if one.named and not one.is_emptied]
    empty = [f"pool {one.name} has nobody left" for one in hangs.pools if one.is_emptied]
    empty += [f"nobody may claim from queue {one.name}" for one in hangs.queues if one.is_emptied]
    owned = [f"accounts that they own: {accounts:,}"] if accounts else []
    owned += [f"open opportunities that they own: {opportunities:,}"] if opportunities else []
    parts = [*rules, *named, *empty, *owned]
    if not parts:
        return None
    return f"{rep_id} has departed: {'; '.join(parts)}. baton rep depart {rep_id} --dry-run says more"

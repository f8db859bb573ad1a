"""Finds the accounts that the leads of a batch belong to: by domain in the table, by name in this process's index."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from shared.db.transaction import Transaction
from shared.policy.document import Matching
from workers.deduplication import queries
from workers.deduplication.policy.account import AccountCandidate, AccountMatch, MatchedBy, match_account, match_domain
from workers.deduplication.policy.account_index import AccountIndex
from workers.deduplication.policy.outcome import Waiting
from workers.deduplication.policy.person import Outcome, PersonDecision


class AccountNames:
    """The names of all accounts in this process, brought up to date before they are asked for."""

    def __init__(self) -> None:
        self._index: AccountIndex | None = None
        self._threshold = 0.0
        self._since: str | None = None

    def alike(self, tx: Transaction, threshold: float, keys: Iterable[str]) -> dict[str, list[str]]:
        """Return the accounts whose names are like each match key; a new threshold begins anew."""
        if self._index is None or threshold != self._threshold:
            self._index, self._threshold, self._since = AccountIndex(threshold), threshold, None
        written, self._since = queries.load_account_names(tx, self._since)
        self._index.update(written)
        index = self._index
        return {key: [match.account_id for match in index.alike(key)] for key in keys}


def match_accounts(
    tx: Transaction,
    names: AccountNames,
    matching: Matching,
    leads: Sequence[Waiting],
    decisions: Iterable[PersonDecision],
) -> dict[int, AccountMatch]:
    """Return the account of every lead that goes on; a lead that joins another needs none of its own."""
    going_on = {one.lead_id for one in decisions if one.outcome is Outcome.SURVIVES}
    facts = {one.lead_id: one.facts for one in leads if one.lead_id in going_on}
    by_domain = _by_domain(tx, matching, facts.values())
    by_name = _by_name(tx, names, matching, [one for one in facts.values() if match_domain(one) not in by_domain])
    return {
        lead_id: match_account(
            one,
            (*by_domain.get(match_domain(one), ()), *by_name.get(one.get("company_key"), ())),
            matching.name_similarity,
            matching.ties,
            matching.account,
        )
        for lead_id, one in facts.items()
    }


def _by_domain(
    tx: Transaction, matching: Matching, facts: Collection[Mapping[str, Any]]
) -> dict[str | None, list[AccountCandidate]]:
    domains = {domain for one in facts if (domain := match_domain(one))}
    found: dict[str | None, list[AccountCandidate]] = {}
    if MatchedBy.DOMAIN in matching.account:
        for candidate in queries.load_candidates(tx, domains, ()):
            found.setdefault(candidate.domain, []).append(candidate)
    return found


def _by_name(
    tx: Transaction, names: AccountNames, matching: Matching, facts: Collection[Mapping[str, Any]]
) -> dict[object, list[AccountCandidate]]:
    keys = {key for one in facts if isinstance(key := one.get("company_key"), str)}
    if MatchedBy.NAME not in matching.account or not keys:
        return {}
    alike = names.alike(tx, matching.name_similarity, keys)
    candidates = queries.load_candidates(tx, (), {account_id for ids in alike.values() for account_id in ids})
    by_id = {candidate.account_id: candidate for candidate in candidates}
    return {key: [by_id[account_id] for account_id in ids if account_id in by_id] for key, ids in alike.items()}

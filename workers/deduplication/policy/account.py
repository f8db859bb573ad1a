"""Which account a lead belongs to: by its domain, else by its company's name, with the ties of the policy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from workers.deduplication.policy.likeness import likeness

#: What is left when the policy's ties leave several: the same input gives the same account.
LAST_TIE: Final = "account_id"


class MatchedBy(StrEnum):
    """What a lead and its account have in common."""

    DOMAIN = "domain"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class AccountCandidate:
    """An account that a lead may belong to, with what ties are broken by."""

    account_id: str
    company_key: str | None
    domain: str | None
    created_at: datetime
    status: str = "prospect"
    owner_rep_id: str | None = None
    owner_active: bool = False
    has_open_opportunity: bool = False


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate that had something in common with the lead, and how much (1: equal)."""

    account_id: str
    by: MatchedBy
    score: float


@dataclass(frozen=True, slots=True)
class AccountMatch:
    """The account of a lead, or none; `tie_break` is the word that decided between equals."""

    account_id: str | None
    by: MatchedBy | None
    score: float
    considered: tuple[Considered, ...]
    tie_break: str | None = None


#: How much a candidate has in common with the lead, and the candidate.
_Scored = tuple[float, AccountCandidate]

NO_ACCOUNT: Final = AccountMatch(None, None, 0.0, ())

_PREFERRED: Final[Mapping[str, Callable[[AccountCandidate], bool]]] = {
    "open_opportunity": lambda account: account.has_open_opportunity,
    "customer": lambda account: account.status == "customer",
    "owner_active": lambda account: account.owner_active,
}


def match_domain(facts: Mapping[str, object]) -> str | None:
    """The domain that says where the person works; None for public mail providers, where anybody has an address."""
    domain = facts.get("domain")
    if not isinstance(domain, str) or not domain:
        return None
    public = facts.get("free_mail") is True or facts.get("disposable") is True
    return None if public and domain == facts.get("email_domain") else domain


def match_account(
    facts: Mapping[str, object],
    candidates: Iterable[AccountCandidate],
    threshold: float,
    ties: Sequence[str],
    order: Sequence[str] = (MatchedBy.DOMAIN, MatchedBy.NAME),
) -> AccountMatch:
    """The account of one lead among the candidates; the first of `order` that finds any decides.

    By name it is the most alike that reaches the threshold. Candidates may be given in any order and without need.
    """
    known = list(candidates)
    if not known:
        return NO_ACCOUNT
    for by in map(MatchedBy, order):
        scores = _by_domain(facts, known) if by is MatchedBy.DOMAIN else _by_name(facts, known, threshold)
        if scores:
            return _best(by, scores, ties)
    return NO_ACCOUNT


def _by_domain(facts: Mapping[str, object], candidates: Iterable[AccountCandidate]) -> list[_Scored]:
    domain = match_domain(facts)
    return [(1.0, account) for account in candidates if domain is not None and account.domain == domain]


def _by_name(facts: Mapping[str, object], candidates: Iterable[AccountCandidate], threshold: float) -> list[_Scored]:
    key = facts.get("company_key")
    if not isinstance(key, str) or not key:
        return []
    scored = ((likeness(key, account.company_key), account) for account in candidates if account.company_key)
    return [(score, account) for score, account in scored if score > 0 and score >= threshold]


def _best(by: MatchedBy, scores: list[_Scored], ties: Sequence[str]) -> AccountMatch:
    top = max(score for score, _ in scores)
    winner, tie_break = break_tie([account for score, account in scores if score == top], ties)
    considered = sorted(
        (Considered(account.account_id, by, score) for score, account in scores),
        key=lambda one: (one.account_id != winner.account_id, -one.score, one.account_id),
    )
    return AccountMatch(winner.account_id, by, top, tuple(considered), tie_break)


def break_tie(equals: Sequence[AccountCandidate], ties: Sequence[str]) -> tuple[AccountCandidate, str | None]:
    """The one that the first decisive word prefers, and that word (None: there was only one)."""
    left, decisive = list(equals), None
    for word in (*ties, LAST_TIE):
        if len(left) == 1:
            break
        preferred = _preferred(left, word)
        if 0 < len(preferred) < len(left):
            left, decisive = preferred, word
    return left[0], decisive


def _preferred(accounts: list[AccountCandidate], word: str) -> list[AccountCandidate]:
    """Those that a word of the policy prefers."""
    if word == "oldest":
        first = min(account.created_at for account in accounts)
        return [account for account in accounts if account.created_at == first]
    if word == LAST_TIE:
        return [min(accounts, key=lambda account: account.account_id)]
    return [account for account in accounts if _PREFERRED[word](account)]

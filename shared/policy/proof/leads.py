"""Leads: a kind of lead as somebody would submit it, and what the real rules say of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from shared.policy.compile import Match, Policy, compile_policy
from shared.policy.derive import Derived
from shared.policy.fields import ENRICHED_FIELDS, FORM_FIELDS
from shared.policy.proof.facts import FactSpace
from shared.policy.proof.places import STATELESS, postal_form, state_form
from shared.policy.proof.universe import Solution, picks_of

#: Whoever has no account is a prospect, and a hand that was not mentioned was not raised.
STRANGER: Final[Mapping[str, object]] = {
    "account_status": "prospect",
    "has_open_opportunity": False,
    "named_account": False,
    "hand_raise": False,
}

#: A lead needs an address or a telephone to be one.
_EMAIL: Final = "ana@lead.example"
_PHONE: Final = "+44 20 7946 0958"
_OF_ACCOUNTS: Final = ("account_status", "has_open_opportunity", "named_account")
_AS_GIVEN: Final = ("employees", "industry", "product", "lead_type", "channel", "original_source", "country")


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead: the data of its submission, and beside it what its account, signals or enrichment would have to say."""

    data: Mapping[str, object]
    beside: Mapping[str, object]

    @property
    def facts(self) -> dict[str, object]:
        """What rules see of it."""
        return {**STRANGER, **self.data, **self.beside}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a lead: the one that takes it, and of any other whether it is true for it."""

    policy: Policy
    derived: Derived
    match: Match
    qualified: bool

    def meets(self, number: int) -> bool:
        """Say whether the condition of a rule is true for the lead."""
        test = self.policy.compiled_rules()[number].test
        return test(self.derived.values, self.derived.blocked) is True

    @property
    def taker(self) -> str | None:
        """The name of the rule that takes the lead."""
        return self.match.rule.name if self.match.rule else None


class Court:
    """Asks the real rules."""

    def __init__(self, space: FactSpace) -> None:
        self._policy: Policy = compile_policy(space.document)

    def judge(self, lead: Lead) -> Verdict:
        """Take a lead through the compiled policy, just as routing does."""
        derived = self._policy.derive(lead.facts)
        qualification = self._policy.qualify(derived)
        qualified = None if qualification.needs else qualification.passed
        match = self._policy.match(derived, qualified=qualified)
        return Verdict(self._policy, derived, match, qualified is True)


def lead_of(solution: Solution, space: FactSpace) -> Lead:
    """Write a kind of lead as a submission; what is open is left out."""
    asked = {source.name for source in space.sources}
    data: dict[str, object] = {} if "email" in asked else {"email": _EMAIL}
    data |= dict(_fields(solution, space))
    beside: dict[str, object] = dict(_account(solution, space))
    own: dict[str, object] = {}
    for source in space.sources:
        value = source.value(picks_of(source, solution, space.variables))
        if value is not None:
            place = beside if source.name in ENRICHED_FIELDS else data if source.name in FORM_FIELDS else own
            place[source.name] = value
    if "email" not in data:
        data["phone"] = _PHONE
    signals = _signals(solution, space)
    return Lead(
        data | ({"attributes": own} if own else {}),
        beside | ({"signals": signals} if signals else {}),
    )


def _value(solution: Solution, field: str, space: FactSpace) -> object:
    """What is chosen for a field with one value; None where it is unknown."""
    chosen = solution.pick(field).values if field in space.variables else ()
    return chosen[0] if chosen else None


def _fields(solution: Solution, space: FactSpace) -> Iterator[tuple[str, object]]:
    """The fields of a form."""
    for field in _AS_GIVEN:
        value = _value(solution, field, space)
        if value is not None:
            yield field, value
    if _value(solution, "hand_raise", space) is True:
        yield "hand_raise", True
    country = _value(solution, "country", space)
    code = str(country) if country is not None else None
    state = _in_form(solution, "state", state_form(code), space)
    if state is not None:
        yield "state", state
    form = STATELESS if code == "US" and state is None else postal_form(code)
    postal_code = _in_form(solution, "postal_code", form, space)
    if postal_code is not None:
        yield "postal_code", postal_code


def _in_form(solution: Solution, field: str, form: str, space: FactSpace) -> object:
    """A part of an address as the country writes it."""
    if field not in space.variables or not (chosen := solution.pick(field).chosen):
        return None
    return space.variables[field].choices[chosen[0]].forms[form]


def _account(solution: Solution, space: FactSpace) -> Iterator[tuple[str, object]]:
    """What the account would have to be; nothing for a stranger."""
    for field in _OF_ACCOUNTS:
        value = _value(solution, field, space)
        if value is not None and value != STRANGER[field]:
            yield field, value


def _signals(solution: Solution, space: FactSpace) -> dict[str, int]:
    """The signals that make up the score."""
    qualification = space.document.qualification
    if qualification is None:
        return {}
    low, high = space.scores[solution.pick("intent").chosen[0]]
    base = space.points.get(str(_value(solution, "lead_type", space) or "").casefold(), 0)
    base += qualification.intent.hand_raise if _value(solution, "hand_raise", space) is True else 0
    return space.signals.between(low - base, high - base) or {}

"""Whose word counts for which field: the order of sources per field, and why."""

from dataclasses import dataclass
from typing import Final

# The kinds of sources. Every provider that is not named here is a vendor; vendors keep their configured order.
FORM: Final = "form"
ACCOUNT: Final = "account"
LISTED: Final = "listed"
VENDOR: Final = "vendor"


@dataclass(frozen=True, slots=True)
class Precedence:
    """The order in which sources are asked for one field."""

    order: tuple[str, ...]
    because: str
    covers_bad: bool = True
    """Whether a source may fill in for a form's value that was given but not understood."""


_FORM_FIRST = (FORM, ACCOUNT, LISTED, VENDOR)
_ACCOUNT_FIRST = (ACCOUNT, FORM, LISTED, VENDOR)

PRECEDENCE: Final[dict[str, Precedence]] = {
    "company": Precedence(_FORM_FIRST, "people know the name of the company they write for"),
    "website": Precedence(_FORM_FIRST, "a subsidiary has its own site"),
    "country": Precedence(
        _FORM_FIRST,
        "the person says where they are, a list where the head office is; what cannot be read is held, not guessed",
        covers_bad=False,
    ),
    "state": Precedence(_FORM_FIRST, "as for country, and only from a source in the same country", covers_bad=False),
    "postal_code": Precedence(
        _FORM_FIRST, "as for country, and only from a source in the same country", covers_bad=False
    ),
    "employees": Precedence(_ACCOUNT_FIRST, "sales keeps the account's size; people guess the size of their company"),
    "industry": Precedence(_ACCOUNT_FIRST, "sales keeps the account's industry; people choose a word from a list"),
    "tech_stack": Precedence(
        (ACCOUNT, VENDOR, LISTED), "what sales found out counts before what a crawler saw; forms do not ask"
    ),
}

PROVIDED_FIELDS: Final = (*PRECEDENCE, "employees_upper")
"""The facts that a provider may supply; `employees_upper` comes from where `employees` came from."""


def kind_of(provider: str) -> str:
    """Return the kind of source that a provider's name stands for."""
    return provider if provider in {ACCOUNT, LISTED} else VENDOR

"""The facts that rules may test: what kind each is, which tier it belongs to, and who can supply it."""

from enum import StrEnum
from typing import Final


class FieldKind(StrEnum):
    """What values a field takes, which decides the tests that fit it."""

    WORD = "word"
    NUMBER = "number"
    FLAG = "flag"


class Tier(StrEnum):
    """How strong a reason for an owner is; `DEFAULT_PRECEDENCE` is the usual order, strongest first."""

    ACCOUNT_STATUS = "account_status"
    PRODUCT = "product"
    SEGMENT = "segment"
    GEOGRAPHY = "geography"
    SOURCE_INTENT = "source_intent"


DEFAULT_PRECEDENCE: Final = tuple(Tier)

#: Fields of rules with their kind and tier; a team's own attributes are words of the last tier.
FIELDS: Final[dict[str, tuple[FieldKind, Tier]]] = {
    "account_status": (FieldKind.WORD, Tier.ACCOUNT_STATUS),
    "has_open_opportunity": (FieldKind.FLAG, Tier.ACCOUNT_STATUS),
    "named_account": (FieldKind.FLAG, Tier.ACCOUNT_STATUS),
    "product": (FieldKind.WORD, Tier.PRODUCT),
    "segment": (FieldKind.WORD, Tier.SEGMENT),
    "employees": (FieldKind.NUMBER, Tier.SEGMENT),
    "industry": (FieldKind.WORD, Tier.SEGMENT),
    "region": (FieldKind.WORD, Tier.GEOGRAPHY),
    "country": (FieldKind.WORD, Tier.GEOGRAPHY),
    "state": (FieldKind.WORD, Tier.GEOGRAPHY),
    "postal_code": (FieldKind.WORD, Tier.GEOGRAPHY),
    "lead_type": (FieldKind.WORD, Tier.SOURCE_INTENT),
    "original_source": (FieldKind.WORD, Tier.SOURCE_INTENT),
    "channel": (FieldKind.WORD, Tier.SOURCE_INTENT),
    "intent": (FieldKind.NUMBER, Tier.SOURCE_INTENT),
    "hand_raise": (FieldKind.FLAG, Tier.SOURCE_INTENT),
}

ACCOUNT_STATUSES: Final = ("prospect", "customer", "former")

#: Fields that regions and segments are made of.
REGION_FIELDS: Final = ("country", "state", "postal_code")
SEGMENT_FIELDS: Final = ("employees",)

#: What a form, a chat or a file can say about a lead: the keys of a submitted lead.
FORM_FIELDS: Final = frozenset(
    {
        "email",
        "first_name",
        "last_name",
        "phone",
        "job_title",
        "company",
        "website",
        "country",
        "state",
        "postal_code",
        "employees",
        "industry",
        "product",
        "lead_type",
        "channel",
        "original_source",
        "campaign",
        "keyword_theme",
        "ad_set",
        "landing_page",
        "form",
        "declared_need",
        "hand_raise",
    }
)

#: What no form asks for: only a provider of company facts knows it.
ENRICHED_FIELDS: Final = frozenset({"tech_stack"})


def kind_of(field: str) -> FieldKind:
    """The kind of a field; whatever is not built in is an attribute, hence a word."""
    return FIELDS[field][0] if field in FIELDS else FieldKind.WORD


def tier_of(field: str) -> Tier:
    """The tier of a field; attributes count with source and intent."""
    return FIELDS[field][1] if field in FIELDS else Tier.SOURCE_INTENT

"""Fields of Salesforce's lead: which of ours each is, and how its values are written here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from shared.errors import InputFileError
from shared.normal.country import country_code
from shared.normal.industry import normal_industry
from shared.normal.postal import normal_postal, written_in
from shared.normal.state import normal_state
from shared.policy.salesforce.logic import UntranslatedError
from shared.policy.salesforce.tables import rows_of
from shared.policy.words import suggestion

#: Takes a value of Salesforce and returns how facts write it; none where no fact can have it.
Normal = Callable[[str], tuple[str, ...]]

_ATTRIBUTE_NAME = re.compile(r"[A-Za-z]\w{0,79}")
_ZIP_AND_FOUR = re.compile(r"\d{5}-?\d{4}")


class Home(StrEnum):
    """Where the values of a field live here."""

    FIELD = "field"
    """A field of rules that keeps the text as it came."""
    NORMAL = "normal"
    """A field of rules whose facts are brought to a normal form, so that parts of the text are lost."""
    NUMBER = "number"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True)
class Column:
    """One field: its name in Salesforce, its name in rules here, and the fact behind it (blank: `data.attributes`)."""

    salesforce: str
    name: str
    home: Home
    source: str = ""
    normal: Normal | None = None


def _state(value: str) -> tuple[str, ...]:
    """The forms in which a state may stand: its code, and the text where no country says that it is Canada's."""
    forms = (normal_state(value), normal_state(value, "CA"))
    return tuple(dict.fromkeys(form for form in forms if form))


def _country(value: str) -> tuple[str, ...]:
    code = country_code(value)
    return (code,) if code else ()


def _industry(value: str) -> tuple[str, ...]:
    word = normal_industry(value)
    return (word,) if word else ()


def _postal(value: str) -> tuple[str, ...]:
    """A whole postal code; the four digits behind a ZIP code are cut off facts, so they cannot be asked for."""
    code = None if _ZIP_AND_FOUR.fullmatch(value) else normal_postal(value, written_in(value))
    return (code,) if code else ()


#: What a field can be here, by our name.
_HOMES: Final = {
    "country": Column("", "country", Home.NORMAL, "country", _country),
    "state": Column("", "state", Home.NORMAL, "state", _state),
    "industry": Column("", "industry", Home.NORMAL, "industry", _industry),
    "postal_code": Column("", "postal_code", Home.FIELD, "postal_code", _postal),
    "employees": Column("", "employees", Home.NUMBER, "employees"),
    "original_source": Column("", "original_source", Home.FIELD, "original_source"),
    "product": Column("", "product", Home.FIELD, "product"),
    "lead_type": Column("", "lead_type", Home.FIELD, "lead_type"),
    "channel": Column("", "channel", Home.FIELD, "channel"),
}

#: Standard fields that are fields of rules here.
_STANDARD: Final = {
    "Country": "country",
    "CountryCode": "country",
    "State": "state",
    "StateCode": "state",
    "Industry": "industry",
    "PostalCode": "postal_code",
    "NumberOfEmployees": "employees",
    "LeadSource": "original_source",
}
_COLUMNS: Final = (
    *(replace(_HOMES[ours], salesforce=field) for field, ours in _STANDARD.items()),
    Column("Company", "Company", Home.ATTRIBUTE, "company"),
    Column("Email", "Email", Home.ATTRIBUTE, "email"),
    Column("FirstName", "FirstName", Home.ATTRIBUTE, "first_name"),
    Column("LastName", "LastName", Home.ATTRIBUTE, "last_name"),
    Column("Title", "Title", Home.ATTRIBUTE, "job_title"),
    Column("RecordTypeId", "RecordType", Home.ATTRIBUTE),
    Column("RecordType", "RecordType", Home.ATTRIBUTE),
)
_BY_NAME: Final = {column.salesforce.casefold(): column for column in _COLUMNS}

#: Fields that say who holds the lead, or when it was made or changed. Who made it is what a pipeline can say.
_OF_THE_RECORD: Final = frozenset(
    {"owner", "ownerid", "createddate", "lastmodifiedby", "lastmodifiedbyid", "id"}
    | {"lastmodifieddate", "systemmodstamp", "lastactivitydate", "lasttransferdate", "lastvieweddate", "converteddate"}
)


def read_fields(text: str, file: str) -> dict[str, str]:
    """Read `field,as`: which of our fields a field of Salesforce is."""
    mapped: dict[str, str] = {}
    for line, row in rows_of(text, file, ("field", "as")):
        if row["as"] not in _HOMES:
            mend = suggestion(row["as"], _HOMES)
            raise InputFileError(f"{file}, line {line}: no field of rules that a lead brings is `{row['as']}`; {mend}.")
        mapped[row["field"].rpartition(".")[2].casefold()] = row["as"]
    return mapped


class Fields:
    """The fields of one rule; each has one spelling however the entries write it."""

    def __init__(self, mapped: Mapping[str, str] | None = None, *, industry_as_attribute: bool = False) -> None:
        """Make the fields; an industry becomes an attribute where two of the rule's words would fall together.

        `mapped` says of fields, by their folded name, which of ours they are.
        """
        self._mapped = mapped or {}
        self._found: dict[str, Column] = {}
        if industry_as_attribute:
            self._found["industry"] = Column("Industry", "Industry", Home.ATTRIBUTE)

    def column(self, field: str) -> Column:
        """The column of `Lead.Field`; UntranslatedError where a lead here has no such thing."""
        owner, dot, name = field.rpartition(".")
        if owner.casefold() not in ("lead", "") or (dot and not owner):
            raise UntranslatedError(f"{field} is no field of the lead itself")
        key = name.casefold()
        if key in self._mapped:
            return self._found.setdefault(key, replace(_HOMES[self._mapped[key]], salesforce=name))
        if key in _OF_THE_RECORD:
            raise UntranslatedError(f"{field} tells of the record in Salesforce, which a lead that comes in is not yet")
        known = self._found.get(key) or _BY_NAME.get(key)
        if known is None and not _ATTRIBUTE_NAME.fullmatch(name):
            raise UntranslatedError(f"{field or 'a blank'} is no name of a field")
        return self._found.setdefault(key, known or Column(name, name, Home.ATTRIBUTE))

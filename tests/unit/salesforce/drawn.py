"""Records of leads and entries of rules for property tests, over few enough words that they often meet."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.fixtures.salesforce_texts import Criterion, EntryText
from tests.unit.salesforce.oracle import Asked, Record, same, takes

COUNTRIES = ("", "US", "usa", "United States", "Germany", "Canada")
STATES = ("", "CA", "California", "New York", "Bayern")
SOURCES = ("", "Web", "web", "Trade Show", "Webinar")
INDUSTRIES = ("", "Banking", "Hospital", "Retail")
COMPANIES = ("", "Acme", "Acme College", "College of Web")
REGIONS = ("", "EMEA", "emea north", "APAC")
POSTAL = ("", "40210", "80331", "90210")
INTERESTS = ("Core", "Plus", "Scale 500")


@st.composite
def records(draw: st.DrawFn) -> Record:
    """A record of a lead, with every field that the entries ask for."""
    return {
        "Country": draw(st.sampled_from(COUNTRIES)),
        "State": draw(st.sampled_from(STATES)),
        "LeadSource": draw(st.sampled_from(SOURCES)),
        "Industry": draw(st.sampled_from(INDUSTRIES)),
        "Company": draw(st.sampled_from(COMPANIES)),
        "PostalCode": draw(st.sampled_from(POSTAL)),
        "Region__c": draw(st.sampled_from(REGIONS)),
        "NumberOfEmployees": draw(st.sampled_from((None, 1, 50, 199, 200, 5000))),
        "Is_Partner__c": draw(st.booleans()),
        "Interests__c": draw(st.frozensets(st.sampled_from(INTERESTS))),
    }


def submission(record: Mapping[str, Any]) -> dict[str, object]:
    """The same lead as a form sends it here: an empty field is left empty, and a box that is not ticked is left out."""
    fields = {
        "country": record["Country"],
        "state": record["State"],
        "original_source": record["LeadSource"],
        "industry": record["Industry"],
        "company": record["Company"],
        "postal_code": record["PostalCode"],
        "employees": record["NumberOfEmployees"],
    }
    attributes: dict[str, object] = {"Region__c": record["Region__c"], "Interests__c": sorted(record["Interests__c"])}
    if record["Is_Partner__c"]:
        attributes["Is_Partner__c"] = True
    return {"email": "kim@acme.example", **fields, "attributes": attributes}


def fits_together(record: Mapping[str, Any]) -> bool:
    """Leave out records whose facts would say more than the record, or of which a part would not be understood.

    A state follows from a ZIP code of the United States, and a country knows its states and its postal codes.
    """
    country, state, postal = str(record["Country"]).casefold(), record["State"], record["PostalCode"]
    if country in ("us", "usa", "united states"):
        return bool(state != "Bayern" and postal in ("", "90210") and (state or not postal))
    if country == "canada":
        return bool(state == "" and postal == "")
    return country != "germany" or state in ("", "Bayern")


def _listed(words: tuple[str, ...]) -> st.SearchStrategy[str | None]:
    several = st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True).map(",".join)
    return st.one_of(st.none(), several) if "" in words else several


def _words(field: str, words: tuple[str, ...], *operations: str) -> st.SearchStrategy[Criterion]:
    return st.builds(Criterion, st.just(field), st.sampled_from(operations), _listed(words))


def _known(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word)


_EQUAL = ("equals", "notEqual")
_PARTS = ("contains", "notContain", "startsWith")
CRITERIA: st.SearchStrategy[Criterion] = st.one_of(
    _words("Country", COUNTRIES, *_EQUAL),
    _words("State", STATES, *_EQUAL),
    _words("Industry", INDUSTRIES, *_EQUAL),
    _words("LeadSource", SOURCES, *_EQUAL),
    _words("Region__c", REGIONS, *_EQUAL),
    _words("Company", COMPANIES, *_EQUAL),
    _words("LeadSource", ("Web", "show", "T"), *_PARTS),
    _words("Company", ("acme", "College", "web"), *_PARTS),
    _words("Region__c", ("emea", "north", "PAC"), *_PARTS),
    _words("PostalCode", ("4", "80", "9021"), "startsWith", "contains"),
    _words("PostalCode", POSTAL, *_EQUAL),
    st.builds(
        Criterion,
        st.just("NumberOfEmployees"),
        st.sampled_from(("lessThan", "greaterThan", "lessOrEqual", "greaterOrEqual")),
        st.sampled_from(("50", "199.5", "200", "-1", "0")),
    ),
    _words("NumberOfEmployees", ("", "50", "200", "7.5"), *_EQUAL),
    _words("Is_Partner__c", ("True", "False"), *_EQUAL),
    _words("Interests__c", (*INTERESTS, "Core;Plus"), "includes"),
    st.builds(Criterion, st.just("Interests__c"), st.just("excludes"), st.sampled_from(INTERESTS)),
)


def _joined(leaves: st.SearchStrategy[Asked], both: str, either: str, not_: str) -> st.SearchStrategy[Asked]:
    """Trees over leaves, each part in brackets."""

    def more(parts: st.SearchStrategy[Asked]) -> st.SearchStrategy[Asked]:
        pairs = st.tuples(parts, parts)
        return st.one_of(
            pairs.map(lambda p: Asked(f"({p[0].text} {both} {p[1].text})", lambda r: p[0].holds(r) and p[1].holds(r))),
            pairs.map(lambda p: Asked(f"({p[0].text} {either} {p[1].text})", lambda r: p[0].holds(r) or p[1].holds(r))),
            parts.map(lambda p: Asked(f"{not_} {p.text}", lambda r: not p.holds(r))),
        )

    return st.recursive(leaves, more, max_leaves=6)


@st.composite
def _by_criteria(draw: st.DrawFn) -> tuple[EntryText, Asked]:
    criteria = tuple(draw(st.lists(CRITERIA, min_size=1, max_size=4)))
    leaves = st.sampled_from(range(len(criteria))).map(
        lambda number: Asked(str(number + 1), lambda record: takes(record, criteria[number]))
    )
    if draw(st.booleans()):
        return EntryText(criteria), Asked("", lambda record: all(takes(record, one) for one in criteria))
    asked = draw(_joined(leaves, "AND", "OR", "NOT"))
    return EntryText(criteria, asked.text), asked


def _compared(field: str, word: str, form: str) -> Asked:
    return Asked(form.format(field=field, word=word), lambda record: same(str(record[field]), word))


_FORMS = ('ISPICKVAL({field}, "{word}")', '({field} = "{word}")', '("{word}" == {field})', 'NOT({field} <> "{word}")')
_LEAVES = st.one_of(
    st.builds(_compared, st.just("Country"), st.sampled_from(COUNTRIES), st.sampled_from(_FORMS)),
    st.builds(_compared, st.just("Region__c"), st.sampled_from(REGIONS), st.sampled_from(_FORMS)),
    st.sampled_from(("State", "Company", "Region__c")).map(
        lambda field: Asked(f"ISBLANK({field})", lambda record: record[field] == "")
    ),
    st.just(Asked("ISBLANK( NumberOfEmployees )", lambda record: record["NumberOfEmployees"] is None)),
    st.sampled_from(("Is_Partner__c", "(Is_Partner__c = TRUE)", "(Lead.Is_Partner__c)")).map(
        lambda text: Asked(text, lambda record: bool(record["Is_Partner__c"]))
    ),
)
_BY_FORMULA: st.SearchStrategy[tuple[EntryText, Asked]] = st.one_of(
    _joined(_LEAVES, "&&", "||", "!"),
    _joined(_LEAVES, "/* and */ &&", "||", "!"),
    st.lists(_LEAVES, min_size=1, max_size=3).map(
        lambda parts: Asked(f"and({', '.join(p.text for p in parts)})", lambda r: all(p.holds(r) for p in parts))
    ),
    st.lists(_LEAVES, min_size=1, max_size=3).map(
        lambda parts: Asked(f"NOT(OR({','.join(p.text for p in parts)}))", lambda r: not any(p.holds(r) for p in parts))
    ),
).map(lambda asked: (EntryText(formula=asked.text), asked))

#: Entries that can be translated, with what they ask.
ENTRIES: st.SearchStrategy[tuple[EntryText, Asked]] = st.one_of(_by_criteria(), _BY_FORMULA)

#: Entries of which some part has no exact counterpart.
STRANGE: st.SearchStrategy[EntryText] = st.sampled_from(
    [
        EntryText((Criterion("Country", "equals", "US"), Criterion("AnnualRevenue", "greaterThan", "5"))),
        EntryText((Criterion("Country", "contains", "United"),)),
        EntryText((Criterion("Company", "equals", None, "Lead.Region__c"),)),
        EntryText((Criterion("CreatedDate", "equals", "TODAY"),)),
        EntryText((Criterion("Interests__c", "excludes", "Core,Plus"),)),
        EntryText((Criterion("Country", "equals", "US"),), "1 OR 2"),
        EntryText(formula='OR(ISPICKVAL(Region__c, "EMEA"), ISCHANGED(Region__c))'),
        EntryText(formula="NOT(ISNEW())"),
        EntryText(formula="NumberOfEmployees > 5 * 40"),
    ]
)

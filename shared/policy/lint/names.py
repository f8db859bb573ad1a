"""Words: every field and word of a condition must be known, and so must the words that other sections refer to."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

import pycountry

from shared.policy.condition import Condition, FieldTest, Op, tests_of
from shared.policy.document import PolicyDocument
from shared.policy.errors import Finding, error, info
from shared.policy.fields import ACCOUNT_STATUSES, ENRICHED_FIELDS, FIELDS, FORM_FIELDS
from shared.policy.words import fold, suggestion

#: Country words that people write where the two-letter code differs.
_CODES: Final = {"uk": "GB", "el": "GR", "usa": "US"}

_PERSON_FIELDS: Final = ("email", "phone", "first_name", "last_name", "company")
_ACCOUNT_FIELDS: Final = ("domain", "name")
_TIES: Final = ("open_opportunity", "customer", "owner_active", "oldest")

_SIGNAL: Final = "signal:"
EVENTS: Final = (
    "lead.submitted",
    "lead.engaged",
    "lead.corrected",
    "lead.touched",
    "lead.meeting_booked",
    "account.upserted",
    "opportunity.upserted",
    "feature.shipped",
)


def check_names(document: PolicyDocument) -> Iterator[Finding]:
    """Fields and words that are not known, wherever the document uses them."""
    words = closed_words(document)
    for place, line, condition in conditions_of(document):
        for test in tests_of(condition):
            yield from _test(place, test.line or line, test, document, words)
    yield from _keys(document)
    yield from _attributes(document)
    yield from _members(document)
    yield from _matching(document)
    yield from _events(document)
    for entry in document.sla:
        if entry.ladders.clock not in {"always", "owner", *document.calendars}:
            message = f"the clock `{entry.ladders.clock}` is not known"
            mend = suggestion(entry.ladders.clock, ("always", "owner", *document.calendars))
            yield error("calendar.unknown", message, entry.line, mend)


def closed_words(document: PolicyDocument) -> dict[str, tuple[str, ...]]:
    """The words that each closed field can take, as the document spells them; open fields are absent."""
    vocabulary = document.vocabulary
    closed = {
        "product": vocabulary.product,
        "lead_type": vocabulary.lead_type,
        "original_source": vocabulary.original_source,
        "segment": tuple(one.name for one in vocabulary.segment),
        "region": tuple(one.name for one in vocabulary.region),
        "account_status": ACCOUNT_STATUSES,
    }
    for attribute in document.attributes.values():
        closed[attribute.name] = tuple(attribute.words) or attribute.values
    # Segments and regions come from the vocabulary only; the other lists are open when they are empty.
    return {field: words for field, words in closed.items() if words or field in ("segment", "region")}


def conditions_of(document: PolicyDocument) -> Iterator[tuple[str, int, Condition]]:
    """Every condition with its place."""
    for rule in document.rules:
        yield f"the rule `{rule.name}`", rule.line, rule.when
    for definition in (*document.vocabulary.segment, *document.vocabulary.region):
        yield f"the vocabulary's `{definition.name}`", definition.line, definition.when
    for one in document.qualification.icp if document.qualification else ():
        yield "the ideal customer", 0, one
    for sla in document.sla:
        yield "the sla", sla.line, sla.when
    for priority in document.priority:
        yield "a priority", priority.line, priority.when


def _test(
    place: str, line: int, test: FieldTest, document: PolicyDocument, words: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    """The field of a test must be known, and so must its words."""
    if test.field not in FIELDS and test.field not in document.attributes:
        message = f"{place} tests `{test.field}`, which is neither a field nor a declared attribute"
        mend = suggestion(test.field, (*FIELDS, *document.attributes))
        yield error("field.unknown", message, line, mend)
        return
    if test.op not in (Op.IN, Op.NOT_IN):
        return
    if test.field == "country":
        yield from _countries(place, line, test)
        return
    known = words.get(test.field)
    if known is None:
        return
    spelled = {fold(word) for word in known}
    for word in (value for value in test.values if fold(str(value)) not in spelled):
        message = f"{place} asks for the {test.field} `{word}`, which is not known"
        yield error("word.unknown", message, line, suggestion(str(word), known))


def _countries(place: str, line: int, test: FieldTest) -> Iterator[Finding]:
    """Countries are compared by their two-letter codes."""
    for word in (str(value) for value in test.values):
        if len(word) == 2 and pycountry.countries.get(alpha_2=word.upper()) is not None:
            continue
        code = _CODES.get(word.casefold()) or _code_of(word)
        mend = f"did you mean `{code}`?" if code else "write the two-letter code, like US or DE"
        yield error("word.country", f"{place} asks for the country `{word}`, which is no country code", line, mend)


def _code_of(name: str) -> str | None:
    """The code of a country that is written by its name."""
    try:
        return str(pycountry.countries.lookup(name).alpha_2)
    except LookupError:
        return None


def _keys(document: PolicyDocument) -> Iterator[Finding]:
    """Lead types and products that other sections name."""
    vocabulary, intent = document.vocabulary, document.qualification.intent if document.qualification else None
    lead_types = {fold(word) for word in vocabulary.lead_type}
    named = [("intent", intent.line, word) for word in intent.lead_type] if intent else []
    named += [("buffer", 0, word) for word in document.buffer if word != "default"]
    for place, line, word in named:
        if lead_types and fold(word) not in lead_types:
            message = f"{place} names the lead type `{word}`, which is not known"
            yield error("word.unknown", message, line, suggestion(word, vocabulary.lead_type))
    for alias, product in vocabulary.product_aliases.items():
        if fold(product) not in {fold(word) for word in vocabulary.product}:
            message = f"the alias `{alias}` stands for the product `{product}`, which is not known"
            yield error("word.unknown", message, vocabulary.line, suggestion(product, vocabulary.product))
    scored = {fold(word) for word in intent.lead_type} if intent else set()
    for word in vocabulary.lead_type if scored else ():
        if fold(word) not in scored:
            message = f"the lead type `{word}` gives no points of intent"
            yield info("intent.unscored", message, intent.line if intent else 0, "say 0 if that is meant")


def _attributes(document: PolicyDocument) -> Iterator[Finding]:
    """Attributes have names of their own, aliases of their own words, and come from somewhere."""
    for one in document.attributes.values():
        if one.name in FIELDS:
            message = f"the attribute `{one.name}` has the name of a field"
            yield error("attribute.name", message, one.line, "give it another name")
        if one.words and one.values:
            message = f"the attribute `{one.name}` has both values and words"
            yield error(
                "attribute.both", message, one.line, "keep `words` if it is recognised in a text, else `values`"
            )
        if one.words and not one.source:
            message = f"the attribute `{one.name}` has words and no field to find them in"
            yield error("attribute.from", message, one.line, "add `from: …`")
        for alias, word in one.aliases.items():
            if fold(word) not in {fold(value) for value in one.values}:
                message = f"the alias `{alias}` stands for `{word}`, which is no value of `{one.name}`"
                yield error("word.unknown", message, one.line, suggestion(word, one.values))
        if one.source and one.source not in FORM_FIELDS | ENRICHED_FIELDS:
            message = f"the attribute `{one.name}` comes from `{one.source}`, which no form is known to send"
            yield info("attribute.from", message, one.line, suggestion(one.source, FORM_FIELDS | ENRICHED_FIELDS))


def _members(document: PolicyDocument) -> Iterator[Finding]:
    """Calendars and segments that pools and queues name."""
    segments = [one.name for one in document.vocabulary.segment]
    for pool in document.pools.values():
        if pool.calendar is not None and pool.calendar not in document.calendars:
            message = f"the pool `{pool.name}` names the calendar `{pool.calendar}`, which is not known"
            yield error("calendar.unknown", message, pool.line, suggestion(pool.calendar, document.calendars))
    selectors = [(f"the pool `{pool.name}`", pool.line, pool.members) for pool in document.pools.values()]
    selectors += [(f"the queue `{one.name}`", one.line, one.members) for one in document.queues.values() if one.members]
    for place, line, members in selectors:
        for word in members.segments:
            if segments and fold(word) not in {fold(one) for one in segments}:
                message = f"{place} asks for members of the segment `{word}`, which is not known"
                yield error("word.unknown", message, line, suggestion(word, segments))


def _matching(document: PolicyDocument) -> Iterator[Finding]:
    """Fields and ties that matching names."""
    matching = document.matching
    used: list[tuple[str, tuple[str, ...]]] = [
        (word, _PERSON_FIELDS) for fields in matching.person.any for word in fields
    ]
    used += [(word, _ACCOUNT_FIELDS) for word in matching.account]
    used += [(word, _TIES) for word in matching.ties]
    for word, known in used:
        if word not in known:
            yield error("matching.unknown", f"matching names `{word}`, which is not known", 0, suggestion(word, known))


def _events(document: PolicyDocument) -> Iterator[Finding]:
    """Events that wake a lead."""
    waking = [(f"the track `{one.name}`", one.line, (*one.wakes_on, *one.alert_on)) for one in document.tracks.values()]
    waking += [(f"the reason `{one.name}`", one.line, one.wakes_on) for one in document.recycle.values()]
    for place, line, words in waking:
        for word in words:
            if word not in EVENTS and not (word.startswith(_SIGNAL) and word != _SIGNAL):
                message = f"{place} waits for `{word}`, which never comes"
                yield error("event.unknown", message, line, suggestion(word, (*EVENTS, "signal:NAME")))

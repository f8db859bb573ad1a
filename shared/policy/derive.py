"""What follows from a lead's facts: the vocabulary's words, segment, region, a team's attributes, and intent."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.policy.attributes import Extract, compile_attribute
from shared.policy.condition import All, Condition, FieldTest, Op, tests_of
from shared.policy.document import Definition, OutsideWord, PolicyDocument, Vocabulary
from shared.policy.evaluate import NONE_OF_THEM, Blame, Blocked, Evaluate, compile_blame, compile_condition
from shared.policy.fields import REGION_FIELDS
from shared.policy.ranges import Cut, cut
from shared.policy.words import fold

Facts = Mapping[str, object]

_NOTHING: Final[Mapping[str, str]] = {}
#: What a form sends for a field that was left empty.
_BLANKS: Final[tuple[object, ...]] = ("", [], ())

_NO_FIELDS: Final[frozenset[str]] = frozenset()

# Facts that are taken as they are; the others are mapped to the vocabulary or worked out.
_PLAIN_WORDS: Final = ("industry", "country", "state", "postal_code", "channel", "original_source", "account_status")
_PLAIN_FLAGS: Final = ("hand_raise", "has_open_opportunity", "named_account")


@dataclass(slots=True)
class Derived:
    """The values that conditions see, and what stands in their way.

    `outside` are words that the closed vocabulary does not know, by field; all of them but `original_source` block the
    field. `blame` says which facts a derived field lacks. `intent` counts what is known; `values` has it only when the
    lead type, on which most of it rests, is known.
    """

    facts: Facts
    bad: Mapping[str, str]
    values: dict[str, object]
    outside: dict[str, str]
    blame: dict[str, tuple[str, ...]]
    blocked: frozenset[str]
    intent: int
    used: frozenset[str]

    @property
    def unknown(self) -> frozenset[str]:
        """The facts that the policy uses and the lead does not have."""
        given = {name for name in self.used if _is_given(self.facts, name)}
        return self.used - given

    def sources(self, field: str) -> tuple[str, ...]:
        """The facts for whose sake a field is unknown."""
        return self.blame.get(field, (field,))


def _is_given(facts: Facts, name: str) -> bool:
    """Say whether a fact, or an attribute of that name, has a value."""
    found = facts.get(name)
    if found is None:
        attributes = facts.get("attributes")
        found = attributes.get(name) if isinstance(attributes, Mapping) else None
    return found is not None and found not in _BLANKS


@dataclass(frozen=True, slots=True)
class _Region:
    """One region, ready to be asked."""

    name: str
    test: Evaluate
    blame: Blame


class Deriver:
    """Derives values from facts by one document; made once per policy, cheap to call."""

    def __init__(self, document: PolicyDocument, used: frozenset[str]) -> None:
        vocabulary = document.vocabulary
        self._used = used
        self._products = _spellings(vocabulary.product, vocabulary.product_aliases)
        self._lead_types = _spellings(vocabulary.lead_type, {})
        self._sources = _spellings(vocabulary.original_source, {})
        self._segments = _segments(vocabulary)
        self._regions, self._regions_by_country = _regions(vocabulary)
        self._attributes: tuple[tuple[str, str, bool, Extract], ...] = tuple(
            (one.name, one.source or one.name, one.unknown is OutsideWord.HOLD, compile_attribute(one))
            for one in document.attributes.values()
        )
        intent = document.qualification.intent if document.qualification else None
        self._points = {fold(word): points for word, points in intent.lead_type.items()} if intent else {}
        self._hand_raise = intent.hand_raise if intent else 0
        self._signals = tuple(intent.signal.items()) if intent else ()

    def derive(self, facts: Facts, bad: Mapping[str, str] = _NOTHING) -> Derived:
        """Work out the values; `bad` are facts that were given and could not be understood, with their text."""
        values: dict[str, object] = {}
        outside: dict[str, str] = {}
        blame: dict[str, tuple[str, ...]] = {}
        get = facts.get
        for name in _PLAIN_WORDS:
            word = get(name)
            if word and isinstance(word, str):
                values[name] = word
        for name in _PLAIN_FLAGS:
            flag = get(name)
            if flag is not None:
                values[name] = flag
        self._map_words(facts, values, outside)
        self._size(get("employees"), values, blame)
        held = self._extract(facts, values, outside, blame)
        blocked: frozenset[str] = _NO_FIELDS
        if bad or held or "product" in outside or "lead_type" in outside:
            blocked = self._blocked(bad, outside, held, values)
        self._place(values, blocked, blame)
        intent = self._intent(facts, values, blame)
        if blocked:
            blocked |= {name for name, sources in blame.items() if not blocked.isdisjoint(sources)}
        return Derived(facts, bad, values, outside, blame, blocked, intent, self._used)

    def _map_words(self, facts: Facts, values: dict[str, object], outside: dict[str, str]) -> None:
        """Map product and lead type to the vocabulary, and note a source that it does not know."""
        for name, spellings in (("product", self._products), ("lead_type", self._lead_types)):
            word = facts.get(name)
            if word and isinstance(word, str):
                known = spellings.get(word) or spellings.get(fold(word)) if spellings else word
                if known is None:
                    outside[name] = word
                else:
                    values[name] = known
        source = values.get("original_source")
        if isinstance(source, str) and self._sources:
            known = self._sources.get(source) or self._sources.get(fold(source))
            if known is None:
                outside["original_source"] = source
            else:
                values["original_source"] = known

    def _size(self, employees: object, values: dict[str, object], blame: dict[str, tuple[str, ...]]) -> None:
        """Take the number of employees and find its segment."""
        if isinstance(employees, int) and not isinstance(employees, bool) and employees >= 0:
            values["employees"] = employees
            bounds, names = self._segments
            if bounds:
                values["segment"] = names[bisect_right(bounds, employees) - 1]
        blame["segment"] = ("employees",)

    def _extract(
        self,
        facts: Facts,
        values: dict[str, object],
        outside: dict[str, str],
        blame: dict[str, tuple[str, ...]],
    ) -> tuple[str, ...]:
        """Find the attributes; the names of those whose word is unknown and must be held come back."""
        held: tuple[str, ...] = ()
        given = facts.get("attributes")
        own = given if isinstance(given, Mapping) else _NOTHING
        for name, source, holds, extract in self._attributes:
            found: object = facts.get(source)
            if found is None:
                found = own.get(source)
            if found is None or found in _BLANKS:
                blame[name] = (source,)
                continue
            value, stranger = extract(found)
            if value is not None:
                values[name] = value
            if stranger is not None:
                outside[name] = stranger
                held = (*held, name) if holds else held
        return held

    def _blocked(
        self,
        bad: Mapping[str, str],
        outside: Mapping[str, str],
        held: tuple[str, ...],
        values: Mapping[str, object],
    ) -> frozenset[str]:
        """The fields that have a text but no value."""
        words = (name for name in ("product", "lead_type") if name in outside)
        return frozenset(name for name in (*bad, *words, *held) if name not in values)

    def _place(self, values: dict[str, object], blocked: Blocked, blame: dict[str, tuple[str, ...]]) -> None:
        """Find the region: the first whose condition holds, none of them when all are false, else unknown."""
        country = values.get("country")
        regions = self._regions
        if isinstance(country, str):
            regions = self._regions_by_country.get(country.casefold(), self._regions_by_country[_ELSEWHERE])
        undecided: tuple[Blame, ...] = ()
        for region in regions:
            holds = region.test(values, blocked)
            if holds:
                values["region"] = region.name
                return
            if holds is None:
                undecided = (*undecided, region.blame)
        if not undecided and self._regions and country is not None:
            values["region"] = NONE_OF_THEM
            return
        lacking = {field for one in undecided for field in one(values, blocked)} or {"country"}
        # Without a country the rest would not help, and naming it would only confuse.
        if "country" in lacking and "country" not in blocked:
            lacking = {"country"} | (lacking & set(blocked))
        blame["region"] = tuple(field for field in REGION_FIELDS if field in lacking)

    def _intent(self, facts: Facts, values: dict[str, object], blame: dict[str, tuple[str, ...]]) -> int:
        """Count the points; each signal counts every time it came."""
        points = self._hand_raise if values.get("hand_raise") is True else 0
        signals = facts.get("signals")
        if self._signals and signals and isinstance(signals, Mapping):
            points += sum(worth * int(signals.get(name) or 0) for name, worth in self._signals)
        lead_type = values.get("lead_type")
        if isinstance(lead_type, str):
            points += self._points.get(lead_type.casefold(), 0)
            values["intent"] = points
        elif self._points:
            blame["intent"] = ("lead_type",)
        else:
            values["intent"] = points
        return points


#: Stands for every country that no region names; country codes have two letters.
_ELSEWHERE: Final = "elsewhere"


def _spellings(words: tuple[str, ...], aliases: Mapping[str, str]) -> dict[str, str]:
    """Every folded spelling and the word itself, to the vocabulary's own spelling."""
    own = {fold(word): word for word in words}
    spellings = {fold(alias): own.get(fold(word), word) for alias, word in aliases.items()} | own
    return spellings | {word: word for word in words} if words else {}


def _segments(vocabulary: Vocabulary) -> Cut:
    """The segments as bounds and names, for one bisection."""
    return cut([(one.name, one.when) for one in vocabulary.segment]) if vocabulary.segment else ((), ())


def _regions(vocabulary: Vocabulary) -> tuple[tuple[_Region, ...], dict[str, tuple[_Region, ...]]]:
    """The regions in order, and for each country those that it can belong to."""
    regions = [
        (one, _Region(one.name, compile_condition(one.when), compile_blame(one.when))) for one in vocabulary.region
    ]
    countries = {str(value).casefold() for one in vocabulary.region for value in _countries(one.when)}
    asks: list[tuple[_Region, Callable[[str], bool]]] = [(region, _could_hold(one)) for one, region in regions]
    by_country = {
        country: tuple(region for region, could_hold in asks if could_hold(country))
        for country in (*countries, _ELSEWHERE)
    }
    return tuple(region for _, region in regions), by_country


def _countries(condition: Condition) -> tuple[object, ...]:
    """The countries that a condition names anywhere."""
    return tuple(value for test in tests_of(condition) if test.field == "country" for value in test.values)


def _could_hold(definition: Definition) -> Callable[[str], bool]:
    """Say of a country whether the region's condition can be anything but false there, whatever the rest is."""
    tests = tuple(compile_condition(test) for test in _country_tests(definition.when))
    return lambda country: all(test({"country": country}, ()) is not False for test in tests)


def _country_tests(condition: Condition) -> tuple[FieldTest, ...]:
    """The tests of the country by its whole code that must hold for the condition to hold."""
    if isinstance(condition, FieldTest):
        parts: tuple[Condition, ...] = (condition,)
    else:
        parts = condition.parts if isinstance(condition, All) else ()
    return tuple(
        part
        for part in parts
        if isinstance(part, FieldTest) and part.field == "country" and part.op in (Op.IN, Op.NOT_IN)
    )

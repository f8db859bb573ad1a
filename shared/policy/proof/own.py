"""A team's own fields: their choices, and the texts or words that a form would have to send for each of them."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from shared.normal.text import clean, is_placeholder
from shared.policy.condition import FieldTest, Op
from shared.policy.document import Attribute, WordTest
from shared.policy.evaluate import NONE_OF_THEM
from shared.policy.fields import FORM_FIELDS
from shared.policy.proof.choices import Asked, Choice, Variable, word_choices
from shared.policy.proof.texts import Wish, judge, text_for


class ImpossibleError(Exception):
    """No text is as these choices wish."""


@dataclass(frozen=True, slots=True)
class Pick:
    """What is chosen for a variable: its choices by number, and whether anything is given at all."""

    variable: Variable
    chosen: tuple[int, ...]
    given: bool

    @property
    def values(self) -> tuple[object, ...]:
        """The values of what is chosen."""
        return tuple(self.variable.choices[number].value for number in self.chosen)


def plain_text(word: str) -> str | None:
    """A word as a submission keeps it; None for one that only stands for nothing."""
    text = clean(word)
    return None if text is None or is_placeholder(text) else text


def attribute_variable(attribute: Attribute, tests: Mapping[FieldTest, int]) -> Variable:
    """The choices of an attribute: its words or values, or what the tests ask of an open one."""
    asked = Asked(tests)
    words = tuple(attribute.words) or attribute.values
    if words:
        choices = tuple(Choice(word, asked.hits(word), word) for word in words if _possible(word, attribute))
        if attribute.words and not attribute.many:
            choices = (*choices, *(Choice(NONE_OF_THEM, name="none") for _ in "1" if _possible(None, attribute)))
        return Variable(attribute.name, choices, tests, many=attribute.many)
    choices = word_choices(asked, (*asked.spelled.values(), *asked.plain_words()), plain_text)
    return Variable(attribute.name, choices, tests, many=attribute.many)


def _possible(word: str | None, attribute: Attribute) -> bool:
    """Say whether some text has this word, or none; words of a text that earlier words always take are not there."""
    return not attribute.words or text_as(wish_of_words(attribute, () if word is None else (word,))) is not None


def wish_of_words(attribute: Attribute, chosen: tuple[str, ...]) -> Wish:
    """What a text must have for exactly these words to be recognised; of a single one, for it to be the first."""
    words = list(attribute.words)
    others = [word for word in words if word not in chosen]
    if not attribute.many and chosen:
        others = words[: words.index(chosen[0])]
    return Wish(tuple(attribute.words[word] for word in chosen), tuple(attribute.words[word] for word in others))


def wish_of_values(attribute: Attribute, chosen: tuple[str, ...]) -> Wish:
    """What a text must be for a value to be found in it, or none."""
    spellings = {value: [value, *(a for a, v in attribute.aliases.items() if v == value)] for value in attribute.values}
    words = {value: WordTest(equals=tuple(texts)) for value, texts in spellings.items()}
    return Wish(tuple(words[value] for value in chosen), tuple(words[value] for value in words if value not in chosen))


def wish_of_tests(variable: Variable, chosen: tuple[int, ...]) -> Wish:
    """What a text must be to meet exactly the tests that a choice meets."""
    hits = {hit for number in chosen for hit in variable.choices[number].hits}
    words: dict[bool, list[WordTest]] = {True: [], False: []}
    for test, number in variable.tests.items():
        values = tuple(map(str, test.values))
        if test.op is not Op.KNOWN and values:
            word = WordTest(starts_with=values) if test.op is Op.STARTS_WITH else WordTest(equals=values)
            words[number in hits].append(word)
    return Wish(tuple(words[True]), tuple(words[False]))


@lru_cache(maxsize=4096)
def text_as(wish: Wish) -> str | None:
    """A text as wished that a submission can carry, looked for once."""
    return text_for(wish)


@dataclass(frozen=True, slots=True)
class Source:
    """A fact that is given as text, with the attributes that are read from it, and whether rules test it itself."""

    name: str
    attributes: tuple[Attribute, ...]
    is_field: bool

    def value(self, picks: Mapping[str, Pick]) -> object:
        """What is given for these choices, None where nothing is; ImpossibleError where nothing could be."""
        if not any(pick.given for pick in picks.values()):
            return None
        if len(picks) == 1 and not self.attributes[0].words:
            (pick,) = picks.values()
            return list(pick.values) if len(pick.values) > 1 else pick.values[0]
        wishes = tuple(self._wishes(picks))
        wanted = tuple(word for wish in wishes for word in wish.wanted)
        unwanted = tuple(word for wish in wishes for word in wish.unwanted)
        # Only a form's own fields are a single text.
        if self.name not in FORM_FIELDS and len(wanted) > 1:
            return list(dict.fromkeys(_found(Wish((word,), unwanted)) for word in wanted))
        text = _found(Wish(wanted, unwanted))
        return _address(text, Wish(wanted, unwanted)) if self.name == "email" else text

    def _wishes(self, picks: Mapping[str, Pick]) -> Iterator[Wish]:
        """What each of the attributes, and the field itself, wishes of the text."""
        for attribute in self.attributes:
            pick = picks[attribute.name]
            words = tuple(str(value) for value in pick.values if value != NONE_OF_THEM)
            if attribute.words:
                yield wish_of_words(attribute, words)
            elif attribute.values:
                yield wish_of_values(attribute, words)
            else:
                yield wish_of_tests(pick.variable, pick.chosen)
        if self.is_field:
            yield wish_of_tests(picks[self.name].variable, picks[self.name].chosen)


def _found(wish: Wish) -> str:
    """A text as wished."""
    found = text_as(wish)
    if found is None:
        raise ImpossibleError
    return found


def _address(text: str, wish: Wish) -> str:
    """The text as an e-mail address, where one is as wished."""
    ways = ("{}", "ana@acme{}", "ana{}", "{}@acme.example", "ana@{}.example", "ana{}example", "ana@{}example")
    forms = [way.format(text) for way in ways]
    fits = judge(wish)
    return next((form for form in forms if _is_address(form) and fits(form)), text)


def _is_address(text: str) -> bool:
    """Say whether a text looks like an e-mail address."""
    local, _, domain = text.partition("@")
    return bool(local) and "." in domain.strip(".") and "@" not in domain


def sources_of(attributes: Iterable[Attribute], fields: Container[str]) -> tuple[Source, ...]:
    """The facts that attributes are read from."""
    by_source: dict[str, list[Attribute]] = {}
    for one in attributes:
        by_source.setdefault(one.source or one.name, []).append(one)
    return tuple(Source(name, tuple(ones), name in fields) for name, ones in by_source.items())

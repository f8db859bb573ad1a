"""A team's own fields: closed words that are given as such, or recognised in the text of another field."""

from collections.abc import Callable
from typing import Final

from shared.policy.document import Attribute, WordTest
from shared.policy.evaluate import NONE_OF_THEM
from shared.policy.words import fold

#: Takes what was given, returns the value (a word, several words, or None for unknown) and the first unknown word.
Extract = Callable[[object], tuple[str | tuple[str, ...] | None, str | None]]

#: A form field of this length is read; what stands behind it is context and not a keyword.
_LONGEST_TEXT: Final = 2_000


def compile_attribute(attribute: Attribute) -> Extract:
    """Turn the declaration of an attribute into the function that finds its value."""
    if attribute.words:
        return _by_words(attribute)
    if attribute.values:
        return _by_values(attribute)
    return _open(attribute)


def _texts(found: object) -> tuple[str, ...]:
    """What was given, as texts; numbers and flags count by how they are written."""
    if isinstance(found, str):
        return (found,)
    if isinstance(found, bool):
        return ("true" if found else "false",)
    if isinstance(found, int | float):
        return (str(found),)
    if isinstance(found, list | tuple | set | frozenset):
        return tuple(text for one in found if isinstance(one, str | int | float) for text in _texts(one))
    return ()


def _by_words(attribute: Attribute) -> Extract:
    """Recognise words in a text; a text with none of them is known to have none."""
    tests = tuple((word, recognise(test)) for word, test in attribute.words.items())

    def extract(found: object) -> tuple[str | tuple[str, ...] | None, str | None]:
        texts = [fold(text[:_LONGEST_TEXT]) for text in _texts(found)]
        if not texts:
            return None, None
        if attribute.many:
            return tuple(word for word, test in tests if any(map(test, texts))), None
        return next((word for word, test in tests if any(map(test, texts))), NONE_OF_THEM), None

    return extract


def recognise(test: WordTest) -> Callable[[str], bool]:
    """Turn the test of one word into a function of a folded text."""
    contains = tuple(fold(text) for text in test.contains)
    starts, ends = (tuple(fold(text) for text in texts) for texts in (test.starts_with, test.ends_with))
    equals = frozenset(fold(text) for text in test.equals)
    return lambda text: (
        text in equals or text.startswith(starts) or text.endswith(ends) or any(part in text for part in contains)
    )


def _by_values(attribute: Attribute) -> Extract:
    """Map what was given to the declared values."""
    own = {fold(value): value for value in attribute.values}
    spellings = {fold(alias): own.get(fold(value), value) for alias, value in attribute.aliases.items()} | own

    def extract(found: object) -> tuple[str | tuple[str, ...] | None, str | None]:
        texts = _texts(found)
        known = tuple(dict.fromkeys(word for text in texts if (word := spellings.get(fold(text))) is not None))
        stranger = next((text for text in texts if fold(text) not in spellings), None)
        if not known:
            return None, stranger
        return known if attribute.many else known[0], stranger

    return extract


def _open(attribute: Attribute) -> Extract:
    """Take what was given as it is."""

    def extract(found: object) -> tuple[str | tuple[str, ...] | None, str | None]:
        texts = tuple(text.strip() for text in _texts(found) if text.strip())
        if not texts:
            return None, None
        return texts if attribute.many else texts[0], None

    return extract

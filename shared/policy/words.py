"""Words of a policy: how two are compared, and which known one an unknown one was meant to be."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process

# Below this share of agreement (in percent) a suggestion misleads more often than it helps.
_NEAR = 60.0


def fold(text: str) -> str:
    """The form in which words are compared: outer and doubled blanks and case do not count."""
    return " ".join(text.split()).casefold()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, or None when nothing is near."""
    choices = sorted(known)
    found = process.extractOne(word, choices, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_NEAR)
    return None if found is None else str(found[0])


def suggestion(word: str, known: Iterable[str]) -> str:
    """Say what may have been meant, or what there is to choose from."""
    choices = sorted(known)
    near = nearest(word, choices)
    if near is not None:
        return f"did you mean `{near}`?"
    return f"there are {', '.join(choices)}" if choices else "none is declared"

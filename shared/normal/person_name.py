"""Family names as keys: two spellings of one name compare equal."""

from functools import lru_cache

from shared.normal.text import clean, words

# Titles and generations that stand behind a name and are not part of it.
_BEHIND = frozenset(
    {
        "jr",
        "sr",
        "ii",
        "iii",
        "iv",
        "phd",
        "md",
        "mba",
        "esq",
        "cpa",
        "msc",
        "bsc",
        "dds",
        "jd",
        "junior",
        "senior",
        "filho",
        "neto",
    }
)
_LIMIT = 100


def last_name_key(text: str) -> str | None:
    """Return a family name as bare folded letters ("O'Brien, Jr." is "obrien"), or None when no letter is left."""
    given = clean(text, _LIMIT)
    return _key(given) if given else None


@lru_cache(maxsize=16_384)
def _key(name: str) -> str | None:
    parts = words(name.replace("'", "").replace("\u2019", "").replace(".", ""))
    while len(parts) > 1 and parts[-1] in _BEHIND:
        parts = parts[:-1]
    return "".join(part for part in parts if not part.isdigit()) or None

"""States of the United States and provinces of Canada from names, codes and old abbreviations."""

from functools import lru_cache
from typing import Final

from shared.normal.text import clean, words

_LIMIT = 60

# A line per state: its code, its full name, then older abbreviations and other spellings.
_US_STATES: Final = """
AL Alabama | Ala
AK Alaska
AZ Arizona | Ariz
AR Arkansas | Ark
CA California | Calif | Cal
CO Colorado | Colo
CT Connecticut | Conn
DE Delaware | Del
FL Florida | Fla
GA Georgia
DC District of Columbia | Washington DC | Washington D C | D C | Wash DC
HI Hawaii | Hawai i
ID Idaho
IL Illinois | Ill
IN Indiana | Ind
IA Iowa
KS Kansas | Kans
KY Kentucky
LA Louisiana
ME Maine
MD Maryland
MA Massachusetts | Mass
MI Michigan | Mich
MN Minnesota | Minn
MS Mississippi | Miss
MO Missouri
MT Montana | Mont
NE Nebraska | Neb | Nebr
NV Nevada | Nev
NH New Hampshire | N H
NJ New Jersey | N J
NM New Mexico | N M | N Mex
NY New York | N Y | New York State
NC North Carolina | N C | N Carolina
ND North Dakota | N D | N Dak | N Dakota
OH Ohio
OK Oklahoma | Okla
OR Oregon | Ore | Oreg
PA Pennsylvania | Penn | Penna
RI Rhode Island | R I
SC South Carolina | S C | S Carolina
SD South Dakota | S D | S Dak | S Dakota
TN Tennessee | Tenn
TX Texas | Tex
UT Utah
VT Vermont
VA Virginia
WA Washington | Wash | Washington State
WV West Virginia | W Va | W Virginia
WI Wisconsin | Wis | Wisc
WY Wyoming | Wyo
PR Puerto Rico
VI Virgin Islands | US Virgin Islands
GU Guam
AS American Samoa
MP Northern Mariana Islands
AA Armed Forces Americas
AE Armed Forces Europe
AP Armed Forces Pacific
"""
_CA_PROVINCES: Final = """
AB Alberta | Alta
BC British Columbia | B C | Colombie Britannique
MB Manitoba | Man
NB New Brunswick | N B | Nouveau Brunswick
NL Newfoundland and Labrador | Newfoundland | Labrador | NF | Terre Neuve
NS Nova Scotia | N S | Nouvelle Ecosse
NT Northwest Territories | N W T | NWT
NU Nunavut
ON Ontario | Ont
PE Prince Edward Island | P E I | PEI
QC Quebec | Que | PQ
SK Saskatchewan | Sask
YT Yukon | YK
"""


def _states(table: str) -> dict[str, list[str]]:
    lines = (line.partition(" ") for line in table.strip().splitlines())
    return {code: ["".join(words(name)) for name in names.split("|")] for code, _, names in lines}


_BY_CODE = {"US": _states(_US_STATES), "CA": _states(_CA_PROVINCES)}
_BY_NAME = {
    country: {name: code for code, names in states.items() for name in (code.lower(), *names)}
    for country, states in _BY_CODE.items()
}
# Georgia is a country too, and territories are countries of their own: only full, unique names of the others count.
_AMBIGUOUS: Final = frozenset({"GA", "AA", "AE", "AP", "PR", "GU", "VI", "AS", "MP"})
_FULL_NAMES = {
    names[0]: country
    for country, states in _BY_CODE.items()
    for code, names in states.items()
    if code not in _AMBIGUOUS
}


def normal_state(text: str, country: str | None = None) -> str | None:
    """Return the two-letter code of a state in the United States or Canada, elsewhere the clean text itself.

    Without a country, the names and codes of the United States are understood and all else stays as it is.
    """
    given = clean(text, _LIMIT)
    return _state(given, country) if given else None


@lru_cache(maxsize=16_384)
def _state(given: str, country: str | None) -> str | None:
    plain = "".join(words(given))
    if country in _BY_NAME:
        return _BY_NAME[country].get(plain)
    return _BY_NAME["US"].get(plain, given) if country is None else given


@lru_cache(maxsize=4096)
def country_of_state(text: str) -> str | None:
    """Return US or CA when a text is a state's full name there; codes and short forms mean many places."""
    plain = "".join(words(clean(text, _LIMIT) or ""))
    return _FULL_NAMES.get(plain)

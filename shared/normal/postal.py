"""Postal codes as their country writes them, and the state that a United States ZIP code lies in."""

import re
from functools import lru_cache

from shared.normal.text import clean

# The longest code of any country has ten letters and digits; spaces and a country prefix come on top.
_LIMIT = 16

_US = re.compile(r"(\d{3,5})(?:[ -]?\d{4})?\Z")
_GB = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})\Z")
_CA = re.compile(r"([A-Z]\d[A-Z])(\d[A-Z]\d)\Z")
_ANY = re.compile(r"[A-Z0-9][A-Z0-9 -]*\Z")
# "D-40210" and "CH 8001": the country's sign in front of a number, a habit of central Europe.
_SIGN = re.compile(r"(?:[A-Z]{1,2}[ -])(?=\d{3})")
_DIGITS = {"DE": 5, "FR": 5, "IT": 5, "ES": 5, "AT": 4, "CH": 4, "BE": 4, "DK": 4, "NO": 4, "AU": 4, "MX": 5, "FI": 5}

# First three digits of ZIP codes by state, from the public list of 42,366 codes; a test compares every code with it.
_ZIP_RANGES = (
    *(
        "005-005 NY",
        "006-007 PR",
        "008-008 VI",
        "009-009 PR",
        "010-027 MA",
        "028-029 RI",
        "030-038 NH",
        "039-049 ME",
        "050-054 VT",
    ),
    *(
        "055-055 MA",
        "056-059 VT",
        "060-069 CT",
        "070-089 NJ",
        "100-149 NY",
        "150-196 PA",
        "197-199 DE",
        "200-200 DC",
        "201-201 VA",
    ),
    *(
        "202-205 DC",
        "206-219 MD",
        "220-246 VA",
        "247-268 WV",
        "270-289 NC",
        "290-299 SC",
        "300-319 GA",
        "320-349 FL",
        "350-369 AL",
    ),
    *(
        "370-385 TN",
        "386-397 MS",
        "398-399 GA",
        "400-427 KY",
        "430-459 OH",
        "460-479 IN",
        "480-499 MI",
        "500-528 IA",
        "530-549 WI",
    ),
    *(
        "550-567 MN",
        "569-569 DC",
        "570-577 SD",
        "580-588 ND",
        "590-599 MT",
        "600-629 IL",
        "630-658 MO",
        "660-679 KS",
        "680-693 NE",
    ),
    *(
        "700-714 LA",
        "716-729 AR",
        "730-731 OK",
        "733-733 TX",
        "734-749 OK",
        "750-799 TX",
        "800-816 CO",
        "820-831 WY",
        "832-838 ID",
    ),
    *(
        "840-847 UT",
        "850-865 AZ",
        "870-884 NM",
        "885-885 TX",
        "889-898 NV",
        "900-961 CA",
        "967-968 HI",
        "969-969 GU",
        "970-979 OR",
    ),
    *("980-994 WA", "995-999 AK"),
)
# Single codes that lie in another state than their neighbours, and the bases abroad whose digits fall into Florida's
# range.
_ZIP_EXCEPTIONS = {
    "06390": "NY",
    "20588": "MD",
    "20598": "VA",
    "56945": "IA",
    "83414": "WY",
    "93737": "NV",
    "96799": "AS",
    "96950": "MP",
    "96951": "MP",
    "96952": "MP",
}
_ZIP_NO_STATE = {"340"}


def normal_postal(text: object, country: str | None = None) -> str | None:
    """Return the postal code as `country` writes it ("SW1A 1AA", "94105"), or None when it cannot be one.

    ZIP codes lose their last four digits and get back the zeros in front that spreadsheets take away.
    """
    if isinstance(text, int) and not isinstance(text, bool) and 0 < text < 10**_LIMIT:
        text = str(text)
    code = (clean(text, _LIMIT) or "").upper()
    if not code or not any(map(str.isdigit, code)) or not _ANY.match(code):
        return None
    return _of_country(code, country)


def _of_country(code: str, country: str | None) -> str | None:
    if country == "US":
        zip_code = _US.match(code)
        return zip_code[1].zfill(5) if zip_code else None
    if country in {"GB", "CA"}:
        halves = (_GB if country == "GB" else _CA).match(code.replace(" ", "").replace("-", ""))
        return f"{halves[1]} {halves[2]}" if halves else None
    if country in _DIGITS:
        code = _SIGN.sub("", code).replace(" ", "")
        return code if code.isdecimal() and len(code) == _DIGITS[country] else None
    return code


def written_in(code: str) -> str | None:
    """Return the country whose unmistakable form a code has (Britain's or Canada's), else None."""
    joined = code.upper().replace(" ", "")
    if _CA.match(joined):
        return "CA"
    return "GB" if _GB.match(joined) else None


@lru_cache(maxsize=4096)
def state_of_zip(zip_code: str) -> str | None:
    """Return the state or territory of a five-digit ZIP code, or None when no place has it."""
    if zip_code[:3] in _ZIP_NO_STATE:
        return None
    return _ZIP_EXCEPTIONS.get(zip_code) or _BY_PREFIX.get(zip_code[:3])


def _by_prefix() -> dict[str, str]:
    states: dict[str, str] = {}
    for line in _ZIP_RANGES:
        span, _, state = line.partition(" ")
        first, _, last = span.partition("-")
        states |= {f"{prefix:03}": state for prefix in range(int(first), int(last) + 1)}
    return states


_BY_PREFIX = _by_prefix()

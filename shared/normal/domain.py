"""Registrable domains: what one company registers, from an e-mail domain, a website or a URL, without the network."""

import re
from functools import cache, lru_cache

import idna
from publicsuffixlist import PublicSuffixList

# A domain name has at most 253 octets (RFC 1035); a website field of more than this is a text, not a site.
_WEBSITE_LIMIT = 2048
_DOMAIN_LIMIT = 253

# Enough for the distinct companies that a worker meets in a day at a few hundred bytes each.
_CACHE = 65_536

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_END_OF_HOST = re.compile(r"[/?#\\]")
_PLAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_NUMERIC_END = re.compile(r"(?:^|\.)[0-9]+\Z")

# Sites where many companies have a page. Such an address says nothing about whose domain it is.
SHARED_SITES = frozenset(
    {
        "about.me",
        "angel.co",
        "bit.ly",
        "carrd.co",
        "crunchbase.com",
        "facebook.com",
        "fb.com",
        "github.com",
        "google.com",
        "instagram.com",
        "linkedin.com",
        "linktr.ee",
        "medium.com",
        "pinterest.com",
        "t.me",
        "tiktok.com",
        "twitter.com",
        "wikipedia.org",
        "x.com",
        "xing.com",
        "yelp.com",
        "youtube.com",
    },
)


@cache
def _suffixes(*, only_icann: bool) -> PublicSuffixList:
    return PublicSuffixList(only_icann=only_icann)


def ascii_domain(text: str) -> str | None:
    """Return a host name in its lower-case ASCII form (IDNA), or None when it is no name or ends in a number."""
    # What is longer is no domain, and only what is short is remembered.
    return _ascii(text) if len(text) <= _DOMAIN_LIMIT else None


@lru_cache(maxsize=_CACHE)
def _ascii(text: str) -> str | None:
    host = text.strip().lower().removesuffix(".")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    if len(host) > _DOMAIN_LIMIT or not _PLAIN.match(host) or _NUMERIC_END.search(host):
        return None
    return host


def registrable_domain(domain: str) -> str | None:
    """Return what is registered below the public suffix ("acme.co.uk"), the last two labels below an unknown one."""
    host = ascii_domain(domain)
    return _registrable(host) if host else None


@lru_cache(maxsize=_CACHE)
def _registrable(host: str) -> str | None:
    # Tenants of a hosting suffix are companies apart; the host itself (github.io) stands below the registries' suffix.
    tenant: str | None = _suffixes(only_icann=False).privatesuffix(host)
    if tenant:
        return tenant
    owner: str | None = _suffixes(only_icann=True).privatesuffix(host)
    return owner


def host_of(website: str) -> str | None:
    """Return the ASCII host of a website as people write it, with or without scheme, path, port and "www."."""
    if len(website) > _WEBSITE_LIMIT:
        return None
    rest = _SCHEME.sub("", website.strip()).removeprefix("//")
    host = _END_OF_HOST.split(rest, maxsplit=1)[0].rpartition("@")[2]
    name = ascii_domain(host.partition(":")[0])
    return name if name and "." in name else None


def website_domain(website: str) -> str | None:
    """Return the registrable domain of a website, or None when it names no company of its own."""
    host = host_of(website)
    domain = registrable_domain(host) if host else None
    return None if domain in SHARED_SITES else domain

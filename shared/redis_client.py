"""Opens Redis at one address, or wherever its sentinels say that the master is: for us and for Celery."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from redis import Redis
from redis.sentinel import Sentinel

_SENTINEL_PORT = 26379
#: A sentinel answers from memory.
_SENTINEL_SECONDS = 2


@dataclass(frozen=True, slots=True)
class SentinelAddress:
    """What `sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NUMBER?master=NAME` says; the password is that of Redis."""

    hosts: tuple[tuple[str, int], ...]
    master: str
    number: int
    username: str | None
    password: str | None
    sentinel_password: str | None

    @property
    def sentinel_options(self) -> dict[str, Any]:
        """What a connection to a sentinel needs; one that hangs is passed over for the next."""
        account = {"password": self.sentinel_password} if self.sentinel_password else {}
        return {"socket_timeout": _SENTINEL_SECONDS, "socket_connect_timeout": _SENTINEL_SECONDS, **account}


def read_sentinel(url: str) -> SentinelAddress | None:
    """Return the address of a master behind sentinels, None for the URL of a single server."""
    parts = urlsplit(url)
    if parts.scheme != "sentinel":
        return None
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    pairs = [host.partition(":") for host in parts.netloc.rpartition("@")[2].split(",")]
    return SentinelAddress(
        hosts=tuple((host, int(port or _SENTINEL_PORT)) for host, _, port in pairs),
        master=query["master"],
        number=int(parts.path.strip("/") or 0),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        sentinel_password=query.get("sentinel_password"),
    )


def open_redis(url: str, **options: Any) -> Redis:
    """Return a client; after a failover its next connection is to the new master."""
    address = read_sentinel(url)
    if address is None:
        return Redis.from_url(url, **options)
    sentinel = Sentinel(address.hosts, sentinel_kwargs=address.sentinel_options)  # type: ignore[no-untyped-call]
    account = {"username": address.username, "password": address.password, "db": address.number}
    client: Redis = sentinel.master_for(address.master, **account, **options)  # type: ignore[no-untyped-call]
    return client


def broker_of(url: str) -> tuple[str, Mapping[str, Any]]:
    """Return the address as Celery writes it, and the transport options that belong to it."""
    address = read_sentinel(url)
    if address is None:
        return url, {}
    account = urlsplit(url).netloc.rpartition("@")[0]
    before = f"{account}@" if account else ""
    urls = [f"sentinel://{before}{host}:{port}/{address.number}" for host, port in address.hosts]
    return ";".join(urls), {"master_name": address.master, "sentinel_kwargs": address.sentinel_options}

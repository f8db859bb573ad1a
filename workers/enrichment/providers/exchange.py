"""One HTTP request to a vendor: bounded in time and bytes, and every way it can end mapped to an outcome."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time

import httpx
import orjson

from workers.enrichment.policy.finding import Outcome
from workers.enrichment.providers.shapes import Call

_UNKNOWN = frozenset({204, 404, 422})
# How long a vendor is left alone that says "too many requests" without saying for how long.
_RATE_LIMIT_SECONDS = 5.0
# Worth asking again: the vendor's own trouble, and a request that came too slowly.
_PASSING = frozenset({408, 425, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Reply:
    """How one request ended."""

    outcome: Outcome
    read: object | None = None
    """What the answer was read as, where found."""
    again: bool = False
    """Whether asking again may help."""
    wait_seconds: float | None = None
    """How long the vendor wants to be left alone, where it says so."""
    unauthorized: bool = False
    well: bool = False
    """Whether the vendor did its part although the answer is not there yet."""


class _TooLargeError(Exception):
    """The body is larger than any company document."""


# Not JSON, another shape, too large, or a key that cannot be sent (ValueError covers the first two and the last): the
# same question would get the same answer. RuntimeError and OSError are what is left of a connection that was cut
# under a call that outlived its batch.
_HOPELESS = (ValueError, _TooLargeError, RuntimeError, OSError)


def exchange(
    client: httpx.Client,
    call: Call,
    read: Callable[[object], object | None],
    until: float,
    body_bytes: int,
    clock: Callable[[], float],
) -> Reply:
    """Make one request and read its answer; `until` is monotonic time, and no failure of the outside is raised."""
    seconds = until - clock()
    if seconds <= 0:
        return Reply(Outcome.TIMEOUT, again=True)
    # Bytes as they come: a compressed body could be a thousand times larger than what is counted.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", **call.headers}
    try:
        with client.stream(
            call.method, call.path, headers=headers, params=call.params, json=call.json, timeout=seconds
        ) as response:
            if response.status_code != httpx.codes.OK:
                return _not_ok(response)
            body = _body(response, until, body_bytes, clock)
        found = read(orjson.loads(body))
    except httpx.TimeoutException:
        return Reply(Outcome.TIMEOUT, again=True)
    except httpx.HTTPError:
        return Reply(Outcome.ERROR, again=True)
    except _HOPELESS:
        return Reply(Outcome.ERROR)
    return Reply(Outcome.MISSING if found is None else Outcome.FOUND, read=found, well=True)


def _body(response: httpx.Response, until: float, body_bytes: int, clock: Callable[[], float]) -> bytes:
    """Return the body, unless it is too large or drips in too slowly."""
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > body_bytes:
            raise _TooLargeError
        if clock() >= until:
            raise httpx.ReadTimeout("the answer did not arrive whole in time", request=response.request)
    return bytes(body)


def _not_ok(response: httpx.Response) -> Reply:
    status = response.status_code
    if status in _UNKNOWN:
        return Reply(Outcome.MISSING, well=True)
    if status == httpx.codes.ACCEPTED:
        # The vendor is still looking, and will know a little later.
        return Reply(Outcome.TIMEOUT, again=True, well=True)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        asked = retry_after(response.headers.get("Retry-After"))
        return Reply(Outcome.RATE_LIMITED, again=True, wait_seconds=_RATE_LIMIT_SECONDS if asked is None else asked)
    return Reply(Outcome.ERROR, again=status in _PASSING, unauthorized=status == httpx.codes.UNAUTHORIZED)


def retry_after(header: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or a date; None when it says nothing."""
    if header is None:
        return None
    if header.strip().isdecimal():
        # An hour is longer than any buffer; a larger number says no more.
        return float(min(int(header.strip()[:6]), 3600))
    try:
        return min(max(0.0, parsedate_to_datetime(header).timestamp() - time()), 3600.0)
    except (TypeError, ValueError):
        return None

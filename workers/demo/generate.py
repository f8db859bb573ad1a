"""The bundled scenario, made anew for each run and always the same: CRM files and a stream of events."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from workers.demo.companies import listed_companies
from workers.demo.crm import Crm, make_crm
from workers.demo.submissions import Submission, Submitters

#: Any number would do; another one is another week.
SEED = 20
#: Of a hundred submissions: sent again byte for byte, by somebody who wrote before, and events nobody can read.
REPEATED, RETURNING, UNREADABLE = 8, 6, 2


@dataclass(frozen=True, slots=True)
class Scenario:
    """The CRM, and the events in the order of publishing."""

    crm: Crm
    events: Sequence[bytes]

    def write(self, folder: Path) -> dict[str, Path]:
        """Write everything into the folder, and return the files by kind; events are lines of `events.jsonl`."""
        folder.mkdir(parents=True, exist_ok=True)
        events = folder / "events.jsonl"
        events.write_bytes(b"\n".join((*self.events, b"")))
        return {**self.crm.write(folder), "events": events}


def make_scenario(leads: int, now: datetime, *, seed: int = SEED) -> Scenario:
    """Return the scenario with so many submissions; the same arguments give the same bytes."""
    rng = random.Random(seed)  # noqa: S311  not a secret
    companies = listed_companies()
    crm = make_crm(rng, companies, now)
    submitters = Submitters(rng, companies, crm.accounts)
    stream = _Stream(rng, submitters, now)
    return Scenario(crm, [body for _ in range(leads) for body in stream.next()])


class _Stream:
    """Events as pipelines publish them: mostly new, sometimes twice, sometimes broken."""

    def __init__(self, rng: random.Random, submitters: Submitters, now: datetime) -> None:
        self._rng = rng
        self._submitters = submitters
        self._now = now
        self._number = 0
        self._sent: list[bytes] = []
        self._former: list[Submission] = []

    def next(self) -> Iterator[bytes]:
        """Return the next submission, with what goes before and after it."""
        returning = self._former and self._is_due(RETURNING)
        one = self._submitters.again(self._rng.choice(self._former)) if returning else self._submitters.next()
        self._former.append(one)
        if one.data.get("lead_type") == "content_download" and self._is_due(40):
            # Who reads the prices twice and then downloads is no mere reader.
            yield from (self._event("/web/tracker", "lead.engaged", _signal(one)) for _ in range(2))
        body = self._event(one.source, "lead.submitted", one.data)
        self._sent.append(body)
        yield body
        if self._is_due(REPEATED):
            yield self._rng.choice(self._sent)
        if self._is_due(UNREADABLE):
            yield self._rng.choice(_MISTAKES)(self._number)

    def _is_due(self, percent: int) -> bool:
        return self._rng.randrange(100) < percent

    def _event(self, source: str, kind: str, data: dict[str, Any]) -> bytes:
        self._number += 1
        at = self._now + timedelta(milliseconds=10 * self._number)
        envelope = {"specversion": "1.0", "id": f"d-{self._number:06}", "source": source, "type": kind}
        return orjson.dumps({**envelope, "time": at, "data": data})


def _signal(one: Submission) -> dict[str, Any]:
    return {"email": one.data["email"], "signal": "pricing_page_view"}


def _broken(number: int, data: object, **envelope: str) -> bytes:
    usual = {"specversion": "1.0", "id": f"broken-{number}", "source": "/forms/demo", "type": "lead.submitted"}
    return orjson.dumps({**usual, **envelope, "data": data})


#: What pipelines get wrong, each with a number of its own, so that no two are the same bytes.
_MISTAKES: tuple[Callable[[int], bytes], ...] = (
    lambda number: b'{"specversion": "1.0", "id": "cut-%d", "source": "/chat", "ty' % number,
    lambda number: _broken(number, {"email": f"nobody{number}(at)example", "last_name": "Nobody"}),
    lambda number: _broken(number, {"email": f"nobody{number}@example.com"}, type="lead.sumbitted"),
    lambda number: _broken(number, [number]),
    lambda number: _broken(number, {"email": f"nobody{number}@example.com"}, id=""),
    lambda number: _broken(number, {"declared_need": "x" * 70_000, "number": number}),
)

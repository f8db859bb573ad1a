"""Vendors over HTTP against a server that behaves badly: every ending is an outcome, in bounded time, and counted."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.fixtures.vendor import Answer, BadVendor, bad_vendor
from workers.enrichment.policy.finding import CompanyQuery, Finding, Outcome
from workers.enrichment.providers.circuit import CircuitLimits
from workers.enrichment.providers.memory_cache import MemoryCache
from workers.enrichment.providers.shapes import Apollo, Clearbit, Shape, ZoomInfo
from workers.enrichment.providers.vendor import HttpVendor, VendorLimits

KNOWN = Answer(document={"name": "Acme", "metrics": {"employees": 240}, "geo": {"countryCode": "US"}})
LIMITS = VendorLimits(
    request_seconds=0.4,
    batch_seconds=3.0,
    attempts=3,
    concurrency=4,
    circuit=CircuitLimits(failures=100, rest_seconds=30.0),
)


@pytest.fixture
def vendor() -> Iterator[BadVendor]:
    """A badly behaving vendor."""
    with bad_vendor() as running:
        yield running


class Desk:
    """A vendor's adapter with what it needs, and what it counted."""

    def __init__(self, url: str, shape: Shape | None = None, limits: VendorLimits = LIMITS) -> None:
        self.counted: Counter[Outcome] = Counter()
        self.pauses: list[float] = []
        self.cache = MemoryCache(time.monotonic)
        self.adapter = HttpVendor(
            shape or Clearbit("secret"),
            self.cache,
            lambda: httpx.Client(base_url=url, trust_env=False),
            limits,
            count=self._count,
            pause=self.pauses.append,
            chance=lambda: 1.0,
        )

    def _count(self, provider: str, outcome: Outcome, number: int) -> None:
        assert provider == self.adapter.name
        self.counted[outcome] += number

    def ask(self, *domains: str | None) -> list[Finding]:
        """Look up domains as one batch, and return the findings in their order."""
        findings = self.adapter.look_up([CompanyQuery(key, domain, None, None) for key, domain in enumerate(domains)])
        return [findings[key] for key in range(len(domains))]


@pytest.fixture
def open_desk(vendor: BadVendor) -> Iterator[Callable[..., Desk]]:
    """Makes adapters for the vendor, and closes them."""
    desks: list[Desk] = []

    def make(shape: Shape | None = None, limits: VendorLimits = LIMITS) -> Desk:
        desks.append(Desk(vendor.url, shape, limits))
        return desks[-1]

    yield make
    for desk in desks:
        desk.adapter.close()


def test_a_known_company_is_found(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """A good answer becomes facts, is counted once, and carries the key to nobody but the vendor."""
    vendor.tell("acme.example", KNOWN)
    desk = open_desk()

    [finding] = desk.ask("acme.example")

    assert (finding.outcome, finding.matched_by) == (Outcome.FOUND, "domain")
    assert finding.facts == {"company": "Acme", "employees": 240, "employees_upper": 240, "country": "US"}
    assert desk.counted == {Outcome.FOUND: 1}
    assert vendor.headers[0]["Authorization"] == "Bearer secret"


def test_leads_of_one_company_make_one_request(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """A batch asks once per domain, the next batch not at all, and who has no domain is not asked for."""
    vendor.tell("acme.example", KNOWN)
    desk = open_desk()

    first = desk.ask("acme.example", "acme.example", "unknown.example", None)
    second = desk.ask("acme.example", "unknown.example")

    assert [finding.outcome for finding in first] == [
        *(Outcome.FOUND, Outcome.FOUND),
        *(Outcome.MISSING, Outcome.MISSING),
    ]
    assert second == [first[0], first[2]]
    assert sorted(vendor.asked) == ["acme.example", "unknown.example"]
    assert desk.counted == {Outcome.FOUND: 1, Outcome.MISSING: 1}


@pytest.mark.parametrize(
    ("answer", "outcome", "requests"),
    [
        (Answer(500), Outcome.ERROR, 3),
        (Answer(503), Outcome.ERROR, 3),
        (Answer(404), Outcome.MISSING, 1),
        (Answer(422), Outcome.MISSING, 1),
        (Answer(202), Outcome.TIMEOUT, 3),
        (Answer(401), Outcome.ERROR, 1),
        (Answer(403), Outcome.ERROR, 1),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), Outcome.ERROR, 1),
        (Answer(body=b"<html>sorry</html>"), Outcome.ERROR, 1),
        (Answer(body=b"[" * 100_000), Outcome.ERROR, 1),
        (Answer(document=["no", "object"]), Outcome.ERROR, 1),
        (Answer(document={"metrics": 5}), Outcome.ERROR, 1),
        (Answer(document={}), Outcome.MISSING, 1),
        (Answer(body=b"x" * 10_000_000), Outcome.ERROR, 1),
        (Answer(document={"name": "x" * 999}, manner="cut"), Outcome.ERROR, 3),
        (Answer(manner="close"), Outcome.ERROR, 3),
        (Answer(manner="hang"), Outcome.TIMEOUT, 3),
        (Answer(document={"name": "x" * 999}, manner="drip"), Outcome.TIMEOUT, 3),
    ],
    ids=lambda value: f"{value.status}-{value.manner}" if isinstance(value, Answer) else str(value),
)
def test_every_bad_manner_is_an_outcome(
    vendor: BadVendor,
    open_desk: Callable[..., Desk],
    answer: Answer,
    outcome: Outcome,
    requests: int,
) -> None:
    """What passes is asked again a bounded number of times, what does not is not, and only answers are remembered."""
    vendor.tell("acme.example", answer)
    desk = open_desk()

    [finding] = desk.ask("acme.example")

    assert (finding.outcome, finding.facts) == (outcome, {})
    assert len(vendor.asked) == requests
    assert desk.counted == {outcome: 1}
    assert bool(desk.cache.get_many("clearbit", ["acme.example"])) is (outcome is Outcome.MISSING)


def test_a_passing_failure_is_overcome(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """Two failures and a good answer are a company found, with growing pauses between."""
    vendor.tell("acme.example", Answer(500), Answer(manner="close"), KNOWN)
    desk = open_desk()

    [finding] = desk.ask("acme.example")

    assert finding.outcome is Outcome.FOUND
    assert desk.pauses == [0.2, 0.4]


def test_a_short_rate_limit_is_waited_out(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """A Retry-After within the deadline is obeyed, to the second."""
    vendor.tell("acme.example", Answer(429, headers={"Retry-After": "0"}), KNOWN)
    desk = open_desk()

    [finding] = desk.ask("acme.example")

    assert finding.outcome is Outcome.FOUND
    assert desk.pauses == [0.0]


def test_a_long_rate_limit_stops_the_questions(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """A Retry-After beyond the deadline ends the look-up at once, and nobody asks before the vendor wants it."""
    vendor.tell("acme.example", Answer(429, headers={"Retry-After": "60"}))
    desk = open_desk()

    [first] = desk.ask("acme.example")
    [second] = desk.ask("other.example")

    assert (first.outcome, second.outcome) == (Outcome.RATE_LIMITED, Outcome.OPEN_CIRCUIT)
    assert desk.pauses == []
    assert vendor.asked == ["acme.example"]


def test_the_deadline_of_the_batch_holds(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """A batch of hanging requests returns at its deadline, and what was answered by then counts."""
    for number in range(20):
        vendor.tell(f"hangs{number}.example", Answer(manner="hang"))
    vendor.tell("acme.example", KNOWN)
    desk = open_desk(limits=VendorLimits(request_seconds=5.0, batch_seconds=0.5, concurrency=4))
    started = time.monotonic()

    findings = desk.ask("acme.example", *(f"hangs{number}.example" for number in range(20)))

    assert time.monotonic() - started < 1.5
    assert [finding.outcome for finding in findings] == [Outcome.FOUND] + [Outcome.TIMEOUT] * 20
    assert vendor.most_at_once <= 4


def test_a_header_that_drips_for_ever_holds_nobody(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """An answer whose header comes a byte at a time is given up at the deadline, and the next batch is served."""
    vendor.tell("drips.example", Answer(headers={"X-Long": "x" * 5000}, manner="drip_header"))
    vendor.tell("acme.example", KNOWN)
    desk = open_desk(limits=VendorLimits(request_seconds=0.3, batch_seconds=0.5, concurrency=1))

    [late] = desk.ask("drips.example")
    [next_one] = desk.ask("acme.example")

    assert (late.outcome, next_one.outcome) == (Outcome.TIMEOUT, Outcome.FOUND)


def test_threads_end_with_their_requests(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """No thread outlives the requests that it was for by more than a time-out."""
    vendor.tell("hangs.example", Answer(manner="hang"))
    desk = open_desk(limits=VendorLimits(request_seconds=0.3, batch_seconds=0.2))

    desk.ask("hangs.example")
    desk.adapter.close()

    for thread in threading.enumerate():
        if thread.name.startswith("vendor"):
            thread.join(timeout=5.0)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("vendor")]


def test_a_vendor_that_is_down_is_left_alone(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """After failures in a row nobody is asked any more, and the leads are told apart from those that were asked."""
    limits = VendorLimits(attempts=1, concurrency=1, circuit=CircuitLimits(failures=3, rest_seconds=60.0))
    desk = open_desk(limits=limits)
    domains = [f"company{number}.example" for number in range(10)]
    for domain in domains:
        vendor.tell(domain, Answer(500))

    desk.ask(*domains)

    assert desk.counted == {Outcome.ERROR: 3, Outcome.OPEN_CIRCUIT: 7}
    assert len(vendor.asked) == 3


def test_a_vendor_that_comes_back_is_asked_again(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """After the rest one request is the trial, and its success opens the way for all."""
    limits = VendorLimits(attempts=1, concurrency=1, circuit=CircuitLimits(failures=1, rest_seconds=0.0))
    vendor.tell("down.example", Answer(500))
    vendor.tell("acme.example", KNOWN)
    desk = open_desk(limits=limits)

    outcomes = [finding.outcome for domain in ("down.example", "acme.example") for finding in desk.ask(domain)]

    assert outcomes == [Outcome.ERROR, Outcome.FOUND]
    assert desk.adapter.circuit.open_until is None


def test_nobody_listens() -> None:
    """A refused connection is an error like others."""
    with bad_vendor() as gone:
        url = gone.url
    desk = Desk(url)

    [finding] = desk.ask("acme.example")
    desk.adapter.close()

    assert finding.outcome is Outcome.ERROR


def test_a_batch_equals_one_by_one(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """Looking up many companies at once finds what looking them up one by one finds."""
    vendor.tell("acme.example", KNOWN)
    vendor.tell("broken.example", Answer(body=b"nonsense"))
    domains = ["acme.example", "broken.example", "unknown.example"]

    batch, single = open_desk(), open_desk()

    assert batch.ask(*domains) == [single.ask(domain)[0] for domain in domains]


def test_a_key_that_cannot_be_sent_is_an_error(open_desk: Callable[..., Desk]) -> None:
    """A key with letters that no header can carry stops nobody's lead."""
    [finding] = open_desk(Clearbit("schlüssel\n")).ask("acme.example")

    assert finding.outcome is Outcome.ERROR


def test_apollo_is_asked_its_way(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """Apollo gets its key in a header and the domain in a JSON body."""
    vendor.tell("acme.example", Answer(document={"organization": {"name": "Acme", "estimated_num_employees": 7}}))

    [finding] = open_desk(Apollo("secret")).ask("acme.example")

    assert finding.facts["employees"] == 7
    assert {name.lower(): value for name, value in vendor.headers[0].items()}["x-api-key"] == "secret"


def _zoominfo_answer() -> Answer:
    result: dict[str, Any] = {"matchStatus": "FULL_MATCH", "data": {"name": "Acme", "employeeCount": 7}}
    return Answer(document={"data": {"result": [result]}})


def test_zoominfo_logs_in_once(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """One login serves a whole batch and the next."""
    vendor.tell("/authenticate", Answer(document={"jwt": "token"}))
    domains = [f"company{number}.example" for number in range(8)]
    for domain in domains:
        vendor.tell(domain, _zoominfo_answer())
    desk = open_desk(ZoomInfo("name", "word"))

    findings = [*desk.ask(*domains[:4]), *desk.ask(*domains[4:])]

    assert {finding.outcome for finding in findings} == {Outcome.FOUND}
    assert vendor.asked.count("/authenticate") == 1
    assert "Bearer token" in {headers.get("Authorization") for headers in vendor.headers}


def test_zoominfo_logs_in_again_when_the_token_is_over(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """A refused token is replaced once, and a key that is refused after that is an error."""
    vendor.tell("/authenticate", Answer(document={"jwt": "old"}), Answer(document={"jwt": "new"}))
    vendor.tell("acme.example", Answer(401), _zoominfo_answer())
    vendor.tell("refused.example", Answer(401))
    desk = open_desk(ZoomInfo("name", "word"))

    outcomes = [desk.ask(domain)[0].outcome for domain in ("acme.example", "refused.example")]

    assert outcomes == [Outcome.FOUND, Outcome.ERROR]


def test_a_failing_login_is_an_error(vendor: BadVendor, open_desk: Callable[..., Desk]) -> None:
    """Without a token nobody is asked, and the company is not taken for unknown."""
    vendor.tell("/authenticate", Answer(404))

    [finding] = open_desk(ZoomInfo("name", "word")).ask("acme.example")

    assert finding.outcome is Outcome.ERROR
    assert vendor.asked == ["/authenticate"]

"""The list of companies, the vendors' dialects, the memory cache and the circuit breaker."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from workers.enrichment.policy.finding import CompanyQuery, Finding, Outcome
from workers.enrichment.policy.precedence import PROVIDED_FIELDS
from workers.enrichment.providers.circuit import Circuit, CircuitLimits
from workers.enrichment.providers.exchange import retry_after
from workers.enrichment.providers.listed import ListedCompanies
from workers.enrichment.providers.memory_cache import MemoryCache
from workers.enrichment.providers.shapes import Apollo, Clearbit, Shape, UnreadableAnswerError, ZoomInfo

LIMITS = CircuitLimits(failures=3, rest_seconds=10.0)


def test_listed_companies_are_found_by_domain() -> None:
    """A company's domain leads to its size, industry and country in normal forms."""
    found = ListedCompanies().look_up([CompanyQuery(7, "apple.com", None, "IN")])[7]

    assert (found.outcome, found.matched_by) == (Outcome.FOUND, "domain")
    assert (found.facts["country"], found.facts["state"], found.facts["industry"]) == ("US", "CA", "technology")
    assert int(str(found.facts["employees"])) > 100_000
    assert set(found.facts) <= set(PROVIDED_FIELDS)


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        (CompanyQuery(1, None, "siemens", "DE"), Outcome.FOUND),
        (CompanyQuery(1, None, "siemens", None), Outcome.FOUND),
        (CompanyQuery(1, None, "siemens", "US"), Outcome.MISSING),
        (CompanyQuery(1, "siemens-plumbing.example", "siemens", "DE"), Outcome.MISSING),
        (CompanyQuery(1, None, "eqt", None), Outcome.MISSING),
        (CompanyQuery(1, None, "isdom", "DE"), Outcome.MISSING),
        (CompanyQuery(1, "acme.example", None, None), Outcome.MISSING),
    ],
)
def test_a_name_counts_only_without_another_domain(query: CompanyQuery, outcome: Outcome) -> None:
    """A listed company's name is believed when nothing speaks against it, and when it is one company's only."""
    assert ListedCompanies().look_up([query])[1].outcome is outcome


def test_listed_companies_answer_batches_like_single_questions() -> None:
    """The answer for a lead does not depend on the others of its batch."""
    queries = [
        CompanyQuery(key, domain, None, None) for key, domain in enumerate(["apple.com", "sap.com", "x.example"])
    ]

    batch = ListedCompanies().look_up(queries)

    assert batch == {query.key: ListedCompanies().look_up([query])[query.key] for query in queries}


CLEARBIT = {
    "name": "Acme",
    "domain": "acme.example",
    "category": {"industry": "Internet Software & Services", "sector": "Information Technology"},
    "metrics": {"employees": 240, "employeesRange": "51-250"},
    "geo": {"countryCode": "US", "stateCode": "CA", "postalCode": "94105"},
    "tech": ["salesforce", "segment", "salesforce"],
}
APOLLO = {
    "organization": {
        "name": "Acme",
        "website_url": "http://www.acme.example",
        "estimated_num_employees": 240,
        "industry": "computer software",
        "country": "United States",
        "state": "California",
        "postal_code": "94105",
        "technology_names": ["Salesforce"],
    },
}
ZOOMINFO = {
    "success": True,
    "data": {
        "result": [
            {
                "matchStatus": "FULL_MATCH",
                "data": {
                    "name": "Acme",
                    "website": "www.acme.example",
                    "employeeCount": 240,
                    "country": "United States",
                    "state": "California",
                    "zipCode": "94105",
                    "primaryIndustry": ["Software"],
                    "techAttributes": [{"product": "Salesforce"}],
                },
            },
        ],
    },
}
SHAPES: list[tuple[Shape, dict[str, Any]]] = [
    (Clearbit("key"), CLEARBIT),
    (Apollo("key"), APOLLO),
    (ZoomInfo("name", "word"), ZOOMINFO),
]


@pytest.mark.parametrize(("shape", "document"), SHAPES, ids=lambda value: getattr(value, "name", ""))
def test_vendors_answers_become_the_same_facts(shape: Shape, document: dict[str, Any]) -> None:
    """Three dialects of one company give one set of facts."""
    facts = shape.facts(document)

    assert facts is not None
    assert str(facts["tech_stack"]).lower() in {"['salesforce', 'segment']", "['salesforce']"}
    assert {name: facts[name] for name in ("company", "country", "state", "postal_code", "employees")} == {
        "company": "Acme",
        "country": "US",
        "state": "CA",
        "postal_code": "94105",
        "employees": 240,
    }
    assert facts["industry"] in {"technology", "software"}


@pytest.mark.parametrize(
    ("shape", "document"),
    [
        (Clearbit("key"), {}),
        (Apollo("key"), {}),
        (Apollo("key"), {"organization": None}),
        (ZoomInfo("a", "b"), {"data": {"result": []}}),
        (ZoomInfo("a", "b"), {"data": {"result": [{"matchStatus": "NO_MATCH"}]}}),
    ],
)
def test_an_empty_answer_is_no_company(shape: Shape, document: object) -> None:
    """What names no company is missing, not found with nothing."""
    assert shape.facts(document) is None


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["organization", "data", "result", "geo", "metrics", "category", "tech", "name", "jwt", "employees"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ANY_JSON, st.sampled_from([shape for shape, _ in SHAPES]))
def test_any_answer_is_facts_or_unreadable(document: object, shape: Shape) -> None:
    """An answer of another shape is told as such and never breaks anything else."""
    try:
        facts = shape.facts(document)
    except UnreadableAnswerError:
        return

    assert facts is None or set(facts) <= set(PROVIDED_FIELDS)


@pytest.mark.parametrize(("shape", "_document"), SHAPES)
def test_keys_are_not_shown(shape: Shape, _document: object) -> None:
    """A vendor's secret is not in its description, which may be logged."""
    assert "key" not in repr(shape).replace("key=", "")
    assert "word" not in repr(shape).replace("password", "")


def test_the_cache_forgets_by_age_and_number() -> None:
    """Findings are remembered per vendor and domain until they are too old or too many."""
    now = [0.0]
    cache = MemoryCache(lambda: now[0], keep_seconds=10.0, most=2)
    finding = Finding("apollo", Outcome.MISSING)

    cache.put_many("apollo", {"a.example": finding, "b.example": finding})
    assert cache.get_many("apollo", ["a.example", "c.example"]) == {"a.example": finding}
    assert cache.get_many("clearbit", ["a.example"]) == {}

    cache.put_many("apollo", {"c.example": finding})
    assert set(cache.get_many("apollo", ["a.example", "b.example", "c.example"])) == {"b.example", "c.example"}

    now[0] = 10.0
    assert cache.get_many("apollo", ["c.example"]) == {}


def _failed(circuit: Circuit, times: int, now: float) -> Circuit:
    for _ in range(times):
        circuit = circuit.failed(now, LIMITS)
    return circuit


def test_a_circuit_opens_after_failures_in_a_row() -> None:
    """The third failure opens it, a success in between starts the count again."""
    assert _failed(Circuit(), 2, now=0.0).allows(0.0)
    assert not _failed(Circuit(), 3, now=0.0).allows(9.9)
    assert _failed(_failed(Circuit(), 2, now=0.0).succeeded(0.0), 2, now=0.0).allows(0.0)


def test_an_open_circuit_lets_one_trial_through() -> None:
    """After the rest one request is allowed; its success closes the circuit, its failure opens it for another rest."""
    rested = _failed(Circuit(), 3, now=0.0)
    assert rested.allows(10.0)

    on_trial = rested.asked(10.0, LIMITS)

    assert not on_trial.allows(10.1)
    assert on_trial.succeeded(11.0) == Circuit()
    assert not on_trial.failed(11.0, LIMITS).allows(20.9)
    assert on_trial.failed(11.0, LIMITS).allows(21.0)
    assert on_trial.allows(20.0), "a trial that never reports must not block for ever"


def test_a_vendor_that_asks_for_quiet_gets_it() -> None:
    """A rate limit rests the circuit for the time that was asked for, and an answer from before does not end it."""
    resting = Circuit().told_to_wait(0.0, 4.0)

    assert not resting.succeeded(1.0).allows(3.9)
    assert resting.allows(4.0)


class CircuitMachine(RuleBasedStateMachine):
    """Any history of a circuit."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit = Circuit()
        self.now = 0.0

    @rule(seconds=st.floats(0.0, 30.0))
    def time_passes(self, seconds: float) -> None:
        """The clock moves on."""
        self.now += seconds

    @rule(good=st.booleans())
    def a_request_ends(self, good: bool) -> None:
        """A request is made if it may, and ends well or badly."""
        if self.circuit.allows(self.now):
            self.circuit = self.circuit.asked(self.now, LIMITS)
            self.circuit = self.circuit.succeeded(self.now) if good else self.circuit.failed(self.now, LIMITS)

    @rule()
    def a_trial_is_lost(self) -> None:
        """A request goes out and never reports."""
        if self.circuit.allows(self.now):
            self.circuit = self.circuit.asked(self.now, LIMITS)

    @invariant()
    def it_never_stays_shut(self) -> None:
        """Whatever happened, a request is allowed again after a rest."""
        assert self.circuit.allows(self.now + LIMITS.rest_seconds)


test_circuit_histories = CircuitMachine.TestCase


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("0", 0.0), ("999999999", 3600.0), ("soon", None), (None, None), ("-5", None), ("", None)],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    """A number of seconds is understood and bounded, nonsense is ignored."""
    assert retry_after(header) == seconds


def test_retry_after_a_past_date() -> None:
    """A date that is over asks for no wait."""
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0

"""The proof against brute force: over policies that chance wrote, both name the same dead rules, overlaps and gaps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.target import Target, TargetKind
from shared.policy import condition as conditions
from shared.policy.compile import Policy, compile_policy
from shared.policy.condition import ALWAYS, Condition, FieldTest, Op
from shared.policy.document import Definition, Gate, Intent, PolicyDocument, Qualifying, Rule, Vocabulary
from shared.policy.errors import Finding
from shared.policy.lint.reach import check_reach
from shared.policy.parse import computed_tier
from shared.policy.proof.leads import STRANGER
from tests.unit.policy_document.drawn import FLAGS, joined, numbers, words

Facts = Mapping[str, object]

_EXCEPTIONS = Target(TargetKind.QUEUE, "exceptions")
_SEGMENTS = (
    Definition("small", FieldTest("employees", Op.LT, (5,))),
    Definition("big", FieldTest("employees", Op.GTE, (5,))),
)
_POINTS = Intent(minimum=4, lead_type={"demo": 6, "call": 1}, hand_raise=2, signal={"visit": 3})

#: One of each kind of country that the words and beginnings of `drawn` can tell apart, and how it writes its states.
_STATES_OF = {
    "US": ("CA", "CO", "CT", "NY", "DC", "TX"),
    "CA": ("ON",),
    **dict.fromkeys(("DE", "FR", "CZ", "DK", "ZA", "AW", None), ("ca", "cax", "co", "cx", "ny", "dx", "zx", "tx")),
}
_VALUES: Mapping[str, tuple[object, ...]] = {
    "lead_type": ("demo", "call", None),
    "employees": (*range(1, 14), None),
    "hand_raise": (False, True),
    "account_status": ("prospect", "customer", "former"),
    "has_open_opportunity": (False, True),
    "signals": tuple({"visit": times} for times in range(6)),
}


def _test(name: str, op: Op, *values: str | bool | int) -> FieldTest:
    return FieldTest(name, op, values)


_PLACES = st.one_of(words("country"), words("state"))
_REGION_TESTS = st.sampled_from(
    [
        _test("region", Op.IN, "one"),
        _test("region", Op.NOT_IN, "two"),
        _test("region", Op.IN, "one", "two"),
        _test("region", Op.KNOWN, True),
        _test("region", Op.KNOWN, False),
        _test("region", Op.STARTS_WITH, "t"),
    ]
)
_OTHER_TESTS = st.sampled_from(
    [
        _test("segment", Op.IN, "big"),
        _test("segment", Op.NOT_IN, "big"),
        _test("segment", Op.KNOWN, False),
        _test("intent", Op.GTE, 8),
        _test("intent", Op.IN, 6, 7),
        _test("intent", Op.KNOWN, True),
        _test("account_status", Op.IN, "customer"),
        _test("account_status", Op.NOT_IN, "customer"),
        _test("has_open_opportunity", Op.IN, True),
    ]
)
_TESTS = st.one_of(words("country"), words("state"), words("lead_type"), numbers(), FLAGS, _REGION_TESTS, _OTHER_TESTS)


@st.composite
def policies(draw: st.DrawFn) -> PolicyDocument:
    """A policy of a few rules over few words."""
    whens = draw(st.lists(joined(_TESTS, leaves=4), min_size=1, max_size=4))
    gates = draw(st.lists(st.sampled_from(Gate), min_size=len(whens), max_size=len(whens)))
    pools = draw(st.lists(st.sampled_from("ab"), min_size=len(whens), max_size=len(whens)))
    rules = [
        Rule(
            f"r{place}",
            Target(TargetKind.POOL, pool),
            when,
            tier=computed_tier(when, PolicyDocument().precedence),
            gate=gate,
            line=place + 1,
        )
        for place, (when, gate, pool) in enumerate(zip(whens, gates, pools, strict=True))
    ]
    rules.append(Rule("rest", _EXCEPTIONS, ALWAYS, line=99))
    regions = tuple(Definition(name, draw(joined(_PLACES, leaves=2))) for name in ("one", "two"))
    icp = draw(st.lists(joined(_TESTS, leaves=2), max_size=1))
    qualification = draw(st.sampled_from([None, Qualifying(tuple(icp), _POINTS), Qualifying(tuple(icp))]))
    vocabulary = Vocabulary(lead_type=("demo", "call"), segment=_SEGMENTS, region=regions)
    return PolicyDocument(vocabulary=vocabulary, qualification=qualification, rules=tuple(rules))


@dataclass
class Brute:
    """What every lead there is says of the rules."""

    fires: set[int] = field(default_factory=set)
    shared: set[tuple[int, int]] = field(default_factory=set)
    apart: set[tuple[int, int]] = field(default_factory=set)


def _conditions(document: PolicyDocument) -> Iterator[Condition]:
    yield from (rule.when for rule in document.rules)
    yield from (region.when for region in document.vocabulary.region)
    yield from document.qualification.icp if document.qualification else ()


def leads(document: PolicyDocument) -> Iterator[Facts]:
    """Every lead that a policy could tell from others, with account facts and signals as they always are."""
    asked = {test.field for condition in _conditions(document) for test in conditions.tests_of(condition)}
    has_score = document.qualification is not None and document.qualification.intent.lead_type
    asked |= {"employees"} if "segment" in asked else set()
    asked |= {"lead_type", "hand_raise", "signals"} if has_score else set()
    asked |= {"country", "state"} if asked & {"region", "country", "state"} else set()
    places: list[dict[str, object]] = [{}]
    if "country" in asked:
        places = [
            {"country": country, "state": state} for country, states in _STATES_OF.items() for state in (*states, None)
        ]
    names = [name for name in _VALUES if name in asked]
    for place in places:
        for values in product(*(_VALUES[name] for name in names)):
            yield {**STRANGER, **place, **dict(zip(names, values, strict=True))}


def brute(document: PolicyDocument, policy: Policy) -> Brute:
    """Ask the real rules about every lead."""
    found = Brute()
    places = {rule.name: place for place, rule in enumerate(document.rules)}
    for facts in leads(document):
        derived = policy.derive(facts)
        qualification = policy.qualify(derived)
        match = policy.match(derived, qualified=None if qualification.needs else qualification.passed)
        if match.rule is None:
            continue
        winner = places[match.rule.name]
        found.fires.add(winner)
        for place, one in list(enumerate(policy.compiled_rules()))[winner + 1 :]:
            if qualification.passed or one.rule.gate is Gate.NONE:
                true = one.test(derived.values, derived.blocked)
                (found.shared if true else found.apart).add((winner, place))
    return found


def _pairs(findings: list[Finding], document: PolicyDocument) -> set[tuple[int, int]]:
    lines = {rule.line: place for place, rule in enumerate(document.rules)}
    names = {rule.name: place for place, rule in enumerate(document.rules)}
    return {(names[one.message.split("`")[1]], lines[one.line]) for one in findings if one.code == "rule.overlap"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(policies())
def test_proof_and_brute_force_agree(document: PolicyDocument) -> None:
    """Dead rules, overlaps and gaps are those that asking about every single lead gives, no more and no fewer."""
    policy = compile_policy(document)
    findings = list(check_reach(document))

    truth = brute(document, policy)

    rules = document.rules
    dead = {one.line for one in findings if one.code == "rule.unreachable"}
    assert dead == {rule.line for place, rule in enumerate(rules) if place not in truth.fires}
    assert _pairs(findings, document) == {
        (first, second)
        for first, second in truth.shared & truth.apart
        if rules[first].tier is rules[second].tier and rules[first].to != rules[second].to and second in truth.fires
    }
    catch_all = next(place for place, rule in enumerate(rules) if rule.is_catch_all)
    assert any(one.code == "rules.left_over" for one in findings) is (catch_all > 0 and catch_all in truth.fires)
    assert {one.code for one in findings} <= {
        "rule.unreachable",
        "rule.overlap",
        "rules.left_over",
        "region.overlap",
        "region.unreachable",
    }


@settings(max_examples=30)
@given(policies())
def test_every_lead_that_is_shown_shows_it(document: PolicyDocument) -> None:
    """The example of an overlap is taken by the earlier rule and true for the later, that of a gap by the catch-all."""
    policy = compile_policy(document)

    for finding in check_reach(document):
        if finding.example is None:
            continue
        derived = policy.derive({**STRANGER, **finding.example, **(finding.beside or {})})
        qualification = policy.qualify(derived)
        match = policy.match(derived, qualified=None if qualification.needs else qualification.passed)
        true = {one.rule.line for one in policy.compiled_rules() if one.test(derived.values, derived.blocked)}
        if finding.code == "rule.overlap":
            assert match.rule is not None
            assert finding.message.split("`")[1] == match.rule.name
            assert finding.line in true
        elif finding.code == "rules.left_over":
            assert match.rule is not None
            assert match.rule.is_catch_all
        elif finding.code == "rule.unreachable":
            assert finding.line in true
            assert match.rule is None or match.rule.line != finding.line

"""Parts of the proof that have laws of their own: texts, sums of signals, and leads as somebody would submit them."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.check import check_policy
from shared.policy.compile import compile_policy
from shared.policy.document import PolicyDocument, WordTest
from shared.policy.parse import parse_policy
from shared.policy.proof.leads import STRANGER
from shared.policy.proof.places import can_begin, postal_form
from shared.policy.proof.score import Signals
from shared.policy.proof.texts import Wish, judge, text_for
from tests.fixtures.policy_faults import FAULTS, SOUND
from workers.enrichment.policy.facts import fact_sheet
from workers.enrichment.policy.reading import read

_PATTERNS = st.text("ab", min_size=1, max_size=2)
_SOME = st.lists(_PATTERNS, max_size=1).map(tuple)
_WORDS = st.builds(WordTest, _SOME, _SOME, _SOME, _SOME)
_WISHES = st.builds(Wish, st.lists(_WORDS, max_size=2).map(tuple), st.lists(_WORDS, max_size=2).map(tuple))

#: Every text that patterns of two signs can need: a start, two pieces, an end, and a stranger between them.
_TEXTS = tuple("".join(signs) for length in range(1, 8) for signs in product("abx", repeat=length))


@settings(max_examples=60)
@given(_WISHES)
def test_a_text_is_found_exactly_where_there_is_one(wish: Wish) -> None:
    """What is found is as wished, and where nothing is found, no text of all that could do is as wished."""
    found, granted = text_for(wish), judge(wish)

    assert granted(found) if found is not None else not any(map(granted, _TEXTS))


@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)), st.integers(-3, 40), st.integers(0, 12))
def test_sums_of_signals_are_those_of_counting(worth: dict[str, int], low: int, width: int) -> None:
    """Signals come to a sum between two bounds exactly when some number of each does, and the number is told."""
    high = low + width
    points = [one for one in worth.values() if one > 0]
    sums = {0}
    for _ in range(45):
        sums |= {total + one for total in sums for one in points if total + one <= 60}

    found = Signals(worth).between(low, high)

    assert (found is not None) is any(low <= total <= high for total in sums)
    assert found is None or low <= sum(worth[name] * times for name, times in found.items()) <= high


@pytest.mark.parametrize(
    ("beginning", "country", "fits"),
    [
        ("40", "DE", True),
        ("4o", "DE", False),
        ("402101", "DE", False),
        ("sw1a", "GB", True),
        ("9", "GB", False),
        ("94105", "US", True),
        ("94105-1", "US", False),
        ("k1a", "CA", True),
        ("1010", "AT", True),
        ("10101", "AT", False),
    ],
)
def test_beginnings_are_those_that_the_country_writes(beginning: str, country: str, fits: bool) -> None:
    """A beginning fits a country when some code there begins so."""
    assert can_begin(beginning, country) is fits


def test_countries_that_write_alike_have_one_form() -> None:
    """Five digits, four digits, letters and digits, or whatever."""
    assert [postal_form(code) for code in ("US", "FR", "CH", "GB", "CA", "IE", None)] == [
        "US",
        "DE",
        "AT",
        "GB",
        "CA",
        "",
        "",
    ]


#: Words that are looked for in the address itself.
_BY_ADDRESS = """
owner: ops@x.example
attributes: {school: {from: email, words: {university: {ends_with: [.edu]}, office: {contains: ["@gov."]}}}}
rules:
  - {name: schools, when: {school: university}, to: pool:schools}
  - {name: offices, when: {school: [office, university], hand_raise: true}, to: pool:offices}
  - {name: nobody, when: {school: {known: false}}, to: pool:offices}
  - {name: again, when: {school: {known: false}, hand_raise: true}, to: pool:schools}
  - {name: rest, to: queue:exceptions}
pools: {schools: {}, offices: {}}
queues: {exceptions: {kind: exception}}
"""


def _documents() -> list[PolicyDocument]:
    texts = [
        _BY_ADDRESS,
        *SOUND.values(),
        *(SOUND[one.policy].replace(one.old, one.new, 1) for one in FAULTS if one.example),
    ]
    return [parse_policy(text) for text in texts]


def test_every_example_can_be_submitted(example: PolicyDocument) -> None:
    """What is shown reads as a submission, nothing of it is misunderstood, and the rules say the same of its facts."""
    shown = 0
    for document in (example, *_documents()):
        policy = compile_policy(document)
        for finding in check_policy(document):
            if finding.example is None or not {"email", "phone"} & set(finding.example):
                continue
            beside = finding.beside or {}
            sheet = fact_sheet(read(dict(finding.example)))
            as_shown = policy.derive({**STRANGER, **finding.example, **beside})
            as_read = policy.derive({**sheet.facts, **STRANGER, "hand_raise": sheet.facts["hand_raise"], **beside})

            assert sheet.bad == {}
            assert as_read.values == as_shown.values, finding
            shown += 1
    assert shown > len(FAULTS) // 3

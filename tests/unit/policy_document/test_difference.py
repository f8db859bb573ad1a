"""What changed between two policies: everything that the document says is seen, and each change has its words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from enum import Enum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.calendar import Span
from shared.domain.rep import Rep, RepStatus
from shared.domain.target import Target
from shared.policy.condition import All, AnyOf, FieldTest, Not, Op
from shared.policy.difference import Kind, differences
from shared.policy.document import PolicyDocument, Rule
from shared.policy.membership import members, membership_changes
from shared.policy.outline import outline
from shared.policy.parse import parse_policy
from tests.fixtures.policy_texts import FULL_POLICY

#: Where a part stands in the text, and what the reader worked out from other parts that are compared themselves.
_NOT_SAID = {"line", "tier_given", "gate_given"}


@pytest.fixture(scope="module")
def full() -> PolicyDocument:
    """A policy with a bit of everything."""
    return parse_policy(FULL_POLICY)


#: Another value of the same kind; what is a kind of another kind stands before it.
_ANOTHER: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: next(one for one in type(value) if one is not value)),
    (bool, lambda value: not value),
    (int, lambda value: value + 3),
    (float, lambda value: value / 2),
    (timedelta, lambda value: value + timedelta(minutes=7)),
    (Target, lambda _: Target.parse("queue:another")),
    (str, lambda value: f"{value}x"),
    ((FieldTest, All, AnyOf, Not), lambda _: FieldTest("country", Op.IN, ("zz",))),
)


def _mutants(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield the value with one thing in it changed, for each thing that there is, with the path of the thing."""
    another = next((change for kind, change in _ANOTHER if isinstance(value, kind)), None)
    if another is not None:
        yield where, another(value)
    elif isinstance(value, Mapping):
        yield from _mappings(value, where)
    elif is_dataclass(value):
        parts = {field.name: getattr(value, field.name) for field in fields(value) if field.name not in _NOT_SAID}
        for name, part in parts.items():
            yield from ((path, replace(value, **{name: one})) for path, one in _mutants(part, f"{where}.{name}"))  # type: ignore[type-var]
    elif isinstance(value, tuple) and not isinstance(value, Span):
        yield from _tuples(value, where)


def _mappings(value: Mapping[Any, Any], where: str) -> Iterator[tuple[str, Any]]:
    for key, part in value.items():
        yield f"{where}.{key} gone", {name: other for name, other in value.items() if name != key}
        yield from ((path, {**value, key: one}) for path, one in _mutants(part, f"{where}.{key}"))


def _tuples(value: tuple[Any, ...], where: str) -> Iterator[tuple[str, Any]]:
    for number, part in enumerate(value):
        before, behind = value[:number], value[number + 1 :]
        yield f"{where}[{number}] gone", before + behind
        yield from ((path, (*before, one, *behind)) for path, one in _mutants(part, f"{where}[{number}]"))


def test_nothing_that_a_policy_says_escapes_the_diff(example: PolicyDocument, full: PolicyDocument) -> None:
    """Each single thing in two rich policies is changed, one at a time, and each change is seen."""
    silent = [
        path
        for document in (example, full)
        for path, changed in _mutants(document, "policy")
        if not differences(document, changed)
    ]

    assert silent == []
    assert sum(1 for _ in _mutants(example, "policy")) > 300


def test_comments_and_layout_are_no_change(example_text: str, example: PolicyDocument) -> None:
    """A policy that only stands otherwise on the page says the same."""
    moved = "\n\n# a comment\n" + example_text.replace("\n", "\n\n")

    assert differences(example, parse_policy(moved)) == ()


_TEXT = """
baton_policy: 1
name: one
owner: ops@here.example
rules:
  - {name: a, when: {country: DE}, to: pool:west}
  - {name: b, when: {country: FR}, to: pool:west}
  - {name: c, when: {country: IT}, to: pool:west}
  - {name: rest, to: queue:exceptions}
pools: {west: {members: {team: West, language: [en, de]}, overflow: [queue:exceptions]}}
queues: {exceptions: {kind: exception, escalate_after: 30m}}
"""


def _diff(*swaps: tuple[str, str]) -> list[tuple[str, str, str, str]]:
    text = _TEXT
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    return [
        (one.section, str(one.kind), one.name, one.words)
        for one in differences(parse_policy(_TEXT), parse_policy(text))
    ]


_RULE_A = "  - {name: a, when: {country: DE}, to: pool:west}\n"
_RULE_B = "  - {name: b, when: {country: FR}, to: pool:west}\n"
_RULE_C = "  - {name: c, when: {country: IT}, to: pool:west}\n"


@pytest.mark.parametrize(
    ("swaps", "section", "kind", "name", "words"),
    [
        ([(_RULE_B, "")], "rules", "removed", "b", "removed from place 2: when country = FR; to pool:west"),
        (
            [(_RULE_C, _RULE_C + "  - {name: d, when: {country: ES}, to: rep:nils}\n")],
            "rules",
            "added",
            "d",
            "added at place 4, before `rest`: when country = ES; to rep:nils",
        ),
        (
            [(_RULE_A, ""), (_RULE_C, _RULE_C + _RULE_A)],
            "rules",
            "moved",
            "a",
            "to place 3, before `rest`",
        ),
        ([("name: b,", "name: france,")], "rules", "renamed", "france", "renamed, was `b`"),
        ([("country: FR", "country: [FR, BE]")], "rules", "changed", "b", "when: country = FR → country in [FR, BE]"),
        ([("language: [en, de]", "language: [de, fr]")], "pools", "changed", "west", "language: adds fr; drops en"),
        ([("language: [en, de]", "language: [de, en]")], "pools", "changed", "west", "language: en, de → de, en"),
        ([("{team: West, language: [en, de]}", "{}")], "pools", "changed", "west", "members: nothing → every rep"),
        (
            [("escalate_after: 30m", "escalate_after: 1h")],
            "queues",
            "changed",
            "exceptions",
            "after: 30m → 1h",
        ),
        ([("owner: ops", "owner: boss")], "policy", "changed", "the policy", "owner: ops@here.example → boss@here"),
    ],
)
def test_a_change_is_said_in_words_of_the_policy(
    swaps: list[tuple[str, str]], section: str, kind: str, name: str, words: str
) -> None:
    """Rules are added, removed, moved, renamed or changed; of other parts it is said what changed in them."""
    found = [one for one in _diff(*swaps) if one[0] == section]

    assert [one[:3] for one in found] == [(section, kind, name)]
    assert words in found[0][3]


def test_a_promise_that_changes_orderthe_step() -> None:
    """A list of steps says which come and which go; a step with commas stands in quotes."""
    before = parse_policy(_TEXT)
    steps = "{after: 3h, do: flag_overdue, notify: manager}, {after: 4h, do: move_to, to: queue:shark_tank, log: %s}"
    after = parse_policy(_TEXT + f"sla: [{{when: {{}}, accept: [{steps % 'non_response'}]}}]\n")

    words = [one.words for one in differences(before, after) if one.section == "clocks"]

    assert words == [
        'until accepted: adds "after 3h: mark overdue, tell manager"; drops "after 2h: mark overdue, tell manager"'
    ]


_RULES = st.permutations("abcdef").flatmap(lambda names: st.integers(0, 6).map(lambda count: "".join(names)[:count]))


def _of(names: str) -> PolicyDocument:
    rules = tuple(
        Rule(name, Target.parse(f"queue:{name}"), FieldTest("country", Op.IN, (name,)), line=place)
        for place, name in enumerate(names)
    )
    return PolicyDocument(rules=rules)


@given(_RULES, _RULES)
def test_the_moves_are_as_few_as_possible(before: str, after: str) -> None:
    """The rules that are not named as moved stand in the same order in both, and one more could not be left out."""
    found = [one for one in differences(_of(before), _of(after)) if one.section == "rules"]
    names = {kind: {one.name for one in found if one.kind is kind} for kind in Kind}

    common = set(before) & set(after)
    stayed = common - names[Kind.MOVED]
    assert names[Kind.ADDED] == set(after) - set(before)
    assert names[Kind.REMOVED] == set(before) - set(after)
    assert [one for one in before if one in stayed] == [one for one in after if one in stayed]
    assert len(stayed) == _longest_common(*([one for one in order if one in common] for order in (before, after)))


def _longest_common(first: list[str], second: list[str]) -> int:
    """Length of the longest common subsequence, by the book."""
    if not first or not second:
        return 0
    if first[0] == second[0]:
        return 1 + _longest_common(first[1:], second[1:])
    return max(_longest_common(first[1:], second), _longest_common(first, second[1:]))


@given(_RULES, _RULES)
def test_a_diff_is_empty_exactly_between_equals(before: str, after: str) -> None:
    """No change is found where there is none, and some where there is one."""
    assert (differences(_of(before), _of(after)) == ()) == (before == after)


_ROSTER = {
    "ana": Rep("ana", "Ana", team="West", languages=("en",), weight=Fraction(3)),
    "bob": Rep("bob", "Bob", team="West", languages=("de",)),
    "cid": Rep("cid", "Cid", team="West", languages=("fr",), weight=Fraction(2)),
    "dan": Rep("dan", "Dan", team="West", languages=("de",), status=RepStatus.DEPARTED),
}


def test_members_have_their_shares_by_weight() -> None:
    """Active reps only; where the load decides there is no share."""
    found = members(parse_policy(_TEXT), _ROSTER)["west"]
    by_load = members(parse_policy(_TEXT.replace("overflow:", "strategy: least_loaded, overflow:")), _ROSTER)["west"]

    assert [(one.rep_id, one.share) for one in found] == [("ana", Fraction(3, 4)), ("bob", Fraction(1, 4))]
    assert [(one.rep_id, one.share) for one in by_load] == [("ana", None), ("bob", None)]


def test_who_joins_and_who_leaves_is_named_with_the_shares() -> None:
    """A selector that changes is told by the people whom it changes."""
    after = parse_policy(_TEXT.replace("[en, de]", "[de, fr]"))

    (found,) = membership_changes(parse_policy(_TEXT), after, _ROSTER)

    assert [one.rep_id for one in found.joins] == ["cid"]
    assert [one.rep_id for one in found.leaves] == ["ana"]
    assert found.shares == (("bob", Fraction(1, 4), Fraction(1, 3)),)


def test_a_pool_that_goes_is_left_by_everybody() -> None:
    """A pool that only one policy has is compared with an empty one."""
    after = parse_policy(_TEXT.replace("pool:west", "pool:east").replace("west:", "east:"))

    found = {one.pool: one for one in membership_changes(parse_policy(_TEXT), after, _ROSTER)}

    assert ([one.rep_id for one in found["west"].leaves], found["west"].joins) == (["ana", "bob"], ())
    assert ([one.rep_id for one in found["east"].joins], found["east"].leaves) == (["ana", "bob"], ())


def test_an_outline_orderevery_part(full: PolicyDocument) -> None:
    """Rules, pools, queues and calendars of the document stand in their sections, in its order."""
    sections = {one.title: [entry.name for entry in one.entries] for one in outline(full)}

    assert sections["rules"] == [one.name for one in full.rules]
    assert sections["pools"] == list(full.pools)
    assert sections["queues"] == list(full.queues)
    assert sections["calendars"] == list(full.calendars)


def test_two_promises_for_the_same_leads_are_told_apart() -> None:
    """A second entry with the condition of the first is an entry of its own, though it never counts."""
    twice = parse_policy(_TEXT + "sla: [{when: {}, none: nothing}, {when: {}, none: nothing more}]\n")

    (clocks,) = (one for one in outline(twice) if one.title == "clocks")

    assert [one.name for one in clocks.entries] == ["always", "always (2)"]

"""Reading the document: what it becomes, and how mistakes are told."""

from datetime import date, timedelta

import pytest

from shared.domain.target import Target
from shared.policy.document import (
    Buffer,
    Gate,
    OnAbsence,
    PolicyDocument,
    QueueKind,
    StepAction,
    Strategy,
)
from shared.policy.errors import Finding, PolicyError
from shared.policy.fields import Tier
from shared.policy.parse import parse_policy
from shared.policy.scalars import Rate

SMALLEST = """
rules: [{name: all, to: pool:team}]
pools: {team: {}}
queues: {exceptions: {owner: ops@x.example}}
"""


def findings_of(text: str) -> tuple[Finding, ...]:
    """The findings that a text is refused with."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    return caught.value.findings


def test_the_example_is_read_whole(example: PolicyDocument) -> None:
    """Each section of the example becomes a value of its own kind."""
    assert example.name == "maven-hardware"
    assert example.commitments.marketing.context_complete == pytest.approx(0.9)
    assert example.buffer["contact_sales"] == Buffer(timedelta(0), timedelta(minutes=2))
    assert example.pools["enterprise"].cap == Rate(20, timedelta(days=1))
    assert example.pools["enterprise"].strategy is Strategy.LEAST_LOADED
    assert example.queues["exceptions"].share_alarm == pytest.approx(0.05)
    assert example.queues["shark_tank"].kind is QueueKind.CLAIM
    assert example.calendars["us_west"].add == {date(2026, 12, 24): ()}
    assert example.calendars["us_west"].hours[4] == ((9 * 3600, 12 * 3600), (13 * 3600, 18 * 3600))
    assert 5 not in example.calendars["us_west"].hours
    assert example.sla[0].ladders.accept[2].to == Target.parse("queue:shark_tank")
    assert example.sla[1].ladders.none == "no response is promised"
    assert example.on_away.accepted is OnAbsence.KEEP
    assert example.recycle["timing"].after == timedelta(days=90)
    assert example.rules[6].first_action is not None
    assert example.rules[6].first_action.within == timedelta(minutes=15)


def test_rules_get_the_gate_of_their_tier_unless_they_say_otherwise(example: PolicyDocument) -> None:
    """Account rules come before qualification; others after it, but for the one that says none."""
    gates = {rule.name: rule.gate for rule in example.rules}

    assert [name for name, gate in gates.items() if gate is Gate.NONE] == [
        "customer-support",
        "open-opportunity",
        "customer-expansion",
        "named-accounts",
        "stray-support",
    ]


def test_a_rule_remembers_its_line(example: PolicyDocument, example_text: str) -> None:
    """The line of a rule is the one it is written in."""
    rule = next(rule for rule in example.rules if rule.name == "rhineland")

    assert "name: rhineland" in example_text.splitlines()[rule.line - 1]


def test_the_smallest_policy_has_all_defaults() -> None:
    """One pool, one queue and one rule are a policy: 3 to 5 minutes, overdue at 2 hours, shark tank at 4."""
    document = parse_policy(SMALLEST)

    (entry,) = document.sla
    assert document.buffer["default"] == Buffer(timedelta(minutes=3), timedelta(minutes=5))
    assert [(step.after, step.do) for step in entry.ladders.accept] == [
        (timedelta(hours=2), StepAction.FLAG_OVERDUE),
        (timedelta(hours=4), StepAction.MOVE_TO),
    ]
    assert document.queues["shark_tank"].kind is QueueKind.CLAIM
    assert document.queues["shark_tank"].owner == "ops@x.example"
    assert document.rules[0].gate is Gate.QUALIFIED
    assert document.qualification is None


def test_the_default_reasons_are_those_of_the_example(example: PolicyDocument) -> None:
    """A policy without reasons has the example's, with the same targets and delays."""
    document = parse_policy(SMALLEST)

    assert {name: (one.to, one.after) for name, one in document.recycle.items()} == {
        name: (one.to, one.after) for name, one in example.recycle.items()
    }


def test_an_own_claim_queue_is_the_shark_tank_of_the_default_ladder() -> None:
    """Where the document has a claim queue, the default ladder moves there and adds none."""
    document = parse_policy(SMALLEST.replace("{exceptions: {", "{sharks: {kind: claim, "))

    assert document.sla[0].ladders.accept[1].to == Target.parse("queue:sharks")
    assert "shark_tank" not in document.queues


def test_several_mistakes_are_told_at_once_with_line_and_mend(example_text: str) -> None:
    """One reading finds all mistakes, in the order of the document, each with the nearest known key or a form."""
    broken = (
        example_text.replace("west: {members", "west: {membres", 1)
        .replace("after: 10m", "after: 10")
        .replace("maximum: 60s", "maximum: yes")
        .replace("when: {product: GTK 500}", "when: {product: {gte: 5}}")
    )

    found = findings_of(broken)

    lines = broken.splitlines()
    assert [one.code for one in found] == ["value.form", "test.kind", "key.unknown", "value.form"]
    assert found[2].mend == "did you mean `members`?"
    assert "membres" in lines[found[2].line - 1]
    assert "after: 10," in lines[found[3].line - 1]


@pytest.mark.parametrize(
    ("word", "kind"),
    [("true", "a boolean"), ("17", "a number"), ("1.5", "a decimal number"), ("2026-12-24", "a date")],
)
def test_what_yaml_reads_as_something_else_is_no_word(word: str, kind: str) -> None:
    """A boolean, number or date where a word is expected is an error that says to quote it; quoted it is a word."""
    text = SMALLEST.replace("name: all", f"when: {{country: {word}}}, name: all")

    (finding,) = findings_of(text)
    quoted = parse_policy(text.replace(f"country: {word}", f'country: "{word}"'))

    assert f"is {kind} where a word is expected" in finding.message
    assert f'"{word}"' in finding.mend
    assert quoted.rules[0].tier is Tier.GEOGRAPHY


def test_norway_stays_a_word() -> None:
    """NO, yes and off are words, as YAML 1.2 has it."""
    document = parse_policy(SMALLEST.replace("name: all", "when: {country: [NO, yes, off]}, name: all"))

    assert document.rules[0].when.values == ("NO", "yes", "off")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "document.empty"),
        ("a: [", "document.yaml"),
        ("rules: []", "rules.none"),
        ("pools: {}", "key.missing"),
        ("[1, 2]", "shape.mapping"),
        ("%YAML 1.1\n---\nrules: []", "document.version"),
        ("rules: []\n---\nrules: []", "document.several"),
        ("rules: &a [*a]", "document.alias"),
        ("rules: !!set {}", "document.tag"),
        ("? [a]\n: b", "document.key"),
        ("baton_policy: 2\n" + SMALLEST, "document.shape"),
        ("name: a\nname: b\n" + SMALLEST, "document.duplicate"),
        ("precedence: [product]\n" + SMALLEST, "precedence.incomplete"),
        ("on_departed: {accepted: keep}\n" + SMALLEST, "value.choice"),
        ("buffer: {default: {minimum: 5m, maximum: 3m}}\n" + SMALLEST, "buffer.order"),
        ("sla: [{accept: [{after: 1h, do: move_to}]}]\n" + SMALLEST, "step.target"),
        ("sla: [{accept: [{after: 2h, do: remind}, {after: 1h, do: remind}]}]\n" + SMALLEST, "ladder.order"),
        ("priority: [{when: {all: [], country: US}, notify: x}]\n" + SMALLEST, "condition.joined"),
        ("priority: [{when: {country: null}, notify: x}]\n" + SMALLEST, "value.blank"),
        ("priority: [{when: {country: {is: US}}, notify: x}]\n" + SMALLEST, "test.unknown"),
        ("priority: [{when: {hand_raise: maybe}, notify: x}]\n" + SMALLEST, "value.flag"),
        ("priority: [{when: [], notify: x}]\n" + SMALLEST, "condition.mapping"),
        ("vocabulary: {segment: {big: {country: US}}}\n" + SMALLEST, "field.place"),
        ('calendars: {c: {timezone: UTC, hours: {mon-fry: ["09:00-10:00"]}}}\n' + SMALLEST, "value.form"),
        ('calendars: {c: {timezone: UTC, hours: {mon: ["09:00-11:00", "10:00-12:00"]}}}\n' + SMALLEST, "hours.overlap"),
        ('calendars: {c: {timezone: UTC, hours: {mon: "09:00-09:00"}}}\n' + SMALLEST, "value.form"),
        ("calendars: {c: {timezone: UTC, hours: {mon-wed: closed, tue: closed}}}\n" + SMALLEST, "hours.twice"),
        (SMALLEST.replace("pool:team}]", "pool:team}, {name: all, to: suppress}]"), "rule.name"),
        (SMALLEST.replace("pool:team}]", "pools:team}]"), "value.form"),
        (SMALLEST.replace("team: {}", "team: {cap: 20}"), "value.form"),
        (SMALLEST.replace("team: {}", "two words: {}"), "value.name"),
        (SMALLEST.replace("team: {}", "team: {strategy: wieghted}"), "value.choice"),
        ("matching: {name_similarity: 92}\n" + SMALLEST, "value.share"),
        ("matching: {name_similarity: 140%}\n" + SMALLEST, "value.share"),
        ("qualification: {intent: {minimum: -1}}\n" + SMALLEST, "value.number"),
    ],
)
def test_each_mistake_has_its_own_code(text: str, code: str) -> None:
    """A mistake is refused, and told by a code that says what it is."""
    assert code in {finding.code for finding in findings_of(text)}


def test_anchors_aliases_and_merge_keys_work() -> None:
    """Parts may be named once and used again."""
    document = parse_policy(
        SMALLEST.replace("team: {}", "team: &usual {cap: 5 per 1d}, more: {<<: *usual, strategy: least_loaded}")
    )

    assert document.pools["more"].cap == document.pools["team"].cap == Rate(5, timedelta(days=1))
    assert document.pools["more"].strategy is Strategy.LEAST_LOADED


def test_hours_may_cross_midnight_and_weeks() -> None:
    """22:00-06:00 ends on the next day, sun-tue goes over the week's end, 00:00-24:00 is a whole day."""
    text = 'calendars: {c: {timezone: UTC, hours: {sun-tue: "22:00-06:00", "wed,fri": "00:00-24:00"}}}\n' + SMALLEST

    hours = parse_policy(text).calendars["c"].hours

    assert sorted(hours) == [0, 1, 2, 4, 6]
    assert hours[6] == ((22 * 3600, 6 * 3600),)
    assert hours[2] == ((0, 24 * 3600),)


@pytest.mark.parametrize("place", ["top", "queues"])
def test_a_storm_cap_may_stand_at_the_top_or_among_the_queues(place: str) -> None:
    """The cap on moves after an outage is read from either place, and is no queue."""
    cap = "storm_cap: {moves: 200 per 1m, when_late_by: 5m}"
    text = f"{cap}\n{SMALLEST}" if place == "top" else SMALLEST.replace("queues: {", f"queues: {{{cap}, ")

    document = parse_policy(text)

    assert document.storm_cap is not None
    assert document.storm_cap.moves == Rate(200, timedelta(minutes=1))
    assert "storm_cap" not in document.queues


def test_a_buffer_takes_the_rest_from_the_default() -> None:
    """A lead type that says only its maximum has a minimum that fits."""
    document = parse_policy("buffer: {demo: {maximum: 60s}, call: {minimum: 10m}}\n" + SMALLEST)

    assert document.buffer["demo"] == Buffer(timedelta(minutes=1), timedelta(minutes=1))
    assert document.buffer["call"] == Buffer(timedelta(minutes=10), timedelta(minutes=10))


def test_the_error_is_a_text_for_people() -> None:
    """The error names each line and mend, and is one sentence when there is one finding."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(SMALLEST.replace("pools:", "pool:"))

    assert str(caught.value) == (
        "the routing policy cannot be used: line 3: error: the policy has no key `pool`; did you mean `pools`?"
    )

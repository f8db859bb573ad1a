"""The check of a policy: what it finds, where, and that it finds nothing where nothing is wrong."""

from collections.abc import Iterator

import pytest

from shared.domain.rep import Rep, RepStatus, Seniority
from shared.policy.check import check_policy
from shared.policy.compile import compile_policy
from shared.policy.document import PolicyDocument
from shared.policy.errors import Finding, Severity, info
from shared.policy.parse import parse_policy
from shared.policy.proof.leads import STRANGER

SOUND = """
owner: ops@x.example
vocabulary:
  product: [Basic, Pro]
  lead_type: [demo, call, download]
  segment: {small: {employees: {lt: 200}}, big: {employees: {gte: 200}}}
  region: {west: {country: US, state: [CA]}, emea: {country: [DE, FR]}}
attributes: {persona: {values: [it, law]}, stack: {from: tech_stack, words: {crm: {contains: [crm]}}}}
qualification: {icp: [{employees: {gte: 10}}], intent: {lead_type: {demo: 80, call: 60, download: 0}}}
rules:
  - {name: pro, when: {product: Pro}, to: pool:pro}
  - {name: big, when: {segment: big}, to: pool:pro}
  - {name: west, when: {region: west}, to: pool:west}
  - {name: emea, when: {region: emea}, to: pool:west}
  - {name: rest, to: queue:exceptions}
pools:
  west: {members: {team: West}, overflow: [pool:pro]}
  pro: {members: {at_least: senior}, overflow: [queue:exceptions]}
queues: {exceptions: {kind: exception}}
"""

FLAGGED_AT_1M, FLAGGED_AT_2M = ("[{after: 1m, do: flag_overdue}]", "[{after: 2m, do: flag_overdue}]")

ROSTER = {
    "anna": Rep("anna", "Anna", team="West", seniority=Seniority.SENIOR),
    "bert": Rep("bert", "Bert", team="East", status=RepStatus.DEPARTED),
}


def found(text: str, roster: dict[str, Rep] | None = None) -> tuple[Finding, ...]:
    """What the check finds in a text, without what it only tells."""
    findings = check_policy(parse_policy(text), roster)
    return tuple(finding for finding in findings if finding.severity is not Severity.INFO)


def test_a_sound_policy_has_no_findings() -> None:
    """Nothing is found where nothing is wrong, with the people and without."""
    assert found(SOUND) == ()
    assert found(SOUND, ROSTER) == ()


def test_the_smallest_policy_has_no_findings() -> None:
    """One pool, one queue and one rule are sound, defaults included."""
    assert found("rules: [{name: all, to: pool:p}]\npools: {p: {}}\nqueues: {q: {owner: o}}") == ()


def test_the_example_has_no_errors_and_only_overlaps_to_confirm(example: PolicyDocument) -> None:
    """The example is refused nothing; what it asks a yes for are rules of one tier that share leads."""
    findings = [one for one in check_policy(example) if one.severity is not Severity.INFO]

    assert {(one.severity, one.code) for one in findings} == {(Severity.WARNING, "rule.overlap")}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("to: pool:pro}", "to: pool:prp}", "target.unknown"),
        ("to: queue:exceptions}", "to: queue:exeptions}", "target.unknown"),
        ("to: pool:west}", "to: divert:support2}", "target.unknown"),
        ("to: pool:west}", "to: nurture:nowhere}", "target.unknown"),
        ("to: pool:west}", "to: merge}", "target.place"),
        ("to: pool:west}", "to: pool:west, else: [pool:west]}", "target.cycle"),
        ("overflow: [queue:exceptions]", "overflow: [pool:west]", "target.cycle"),
        ("overflow: [pool:pro]", "overflow: [pool:west]", "target.cycle"),
        ("when: {product: Pro}", "when: {product: Por}", "word.unknown"),
        ("when: {product: Pro}", "when: {product: {not_in: [Por]}}", "word.unknown"),
        ("when: {segment: big}", "when: {segment: bigger}", "word.unknown"),
        ("when: {region: west}", "when: {region: wets}", "word.unknown"),
        ("when: {region: west}", "when: {lead_type: demmo}", "word.unknown"),
        ("when: {region: west}", "when: {account_status: client}", "word.unknown"),
        ("when: {region: west}", "when: {persona: finance}", "word.unknown"),
        ("when: {region: west}", "when: {not: {any: [{country: UK}]}}", "word.country"),
        ("when: {region: west}", "when: {regoin: west}", "field.unknown"),
        ("intent: {lead_type: {demo: 80", "intent: {lead_type: {demos: 80", "word.unknown"),
        ("owner: ops@x.example", "owner: o\nbuffer: {demoo: {maximum: 1m}}", "word.unknown"),
        ("product: [Basic, Pro]", "product: [Basic, Pro]\n  product_aliases: {P: Prow}", "word.unknown"),
        ("persona: {values: [it, law]}", "persona: {values: [it, law], aliases: {a: b}}", "word.unknown"),
        ("persona: {values", "country: {values", "attribute.name"),
        ("stack: {from: tech_stack, words", "stack: {words", "attribute.from"),
        ("values: [it, law]", "values: [it], from: form, words: {it: {equals: [x]}}", "attribute.both"),
        ("small: {employees: {lt: 200}}", "small: {employees: {lt: 199}}", "segment.gap"),
        ("small: {employees: {lt: 200}}", "small: {employees: {gt: 1, lt: 200}}", "segment.gap"),
        ("small: {employees: {lt: 200}}", "small: {employees: {lte: 200}}", "segment.overlap"),
        ("name: pro,", "name: pro, tier: segment,", "rule.tier"),
        ("  - {name: rest, to: queue:exceptions}", "", "rules.catch_all"),
        ("name: west, when: {region: west}", "name: west", "rule.unreachable"),
        ("when: {region: emea}", "when: {region: west}", "rule.unreachable"),
        ("when: {region: emea}", "when: {country: US, state: CA, lead_type: demo}", "rule.unreachable"),
        ("when: {segment: big}", "when: {segment: big, employees: {lt: 100}}", "rule.unreachable"),
        ("when: {segment: big}", "when: {employees: {gte: 9, lt: 3}}", "rule.unreachable"),
        ("when: {segment: big}", "when: {employees: {lt: 10}}", "rule.unreachable"),
        ("when: {segment: big}", "when: {segment: {not_in: [small, big]}}", "rule.unreachable"),
        ("team: West}, overflow", "team: West}, calendar: c, overflow", "calendar.unknown"),
        ("owner: ops@x.example", "owner: o\nsla: [{when: {}, clock: c, none: x}]", "calendar.unknown"),
        ("owner: ops@x.example", "owner: o\nmatching: {person: {any: [[e-mail]]}}", "matching.unknown"),
        ("owner: ops@x.example", "owner: o\nmatching: {ties: [youngest]}", "matching.unknown"),
        ("owner: ops@x.example", "owner: o\ntracks: {long_term: {wakes_on: [lead.submited]}}", "event.unknown"),
        ("owner: ops@x.example", "", "queue.owner"),
        ("members: {team: West}", "members: {segment: huge}", "word.unknown"),
    ],
)  # fmt: skip
def test_each_error_is_found_where_it_stands(old: str, new: str, code: str) -> None:
    """One change to a sound policy gives an error of that code, at a line that was changed, and says how to mend it."""
    text = SOUND.replace(old, new, 1)

    errors = [one for one in found(text) if one.severity is Severity.ERROR]

    assert code in {one.code for one in errors}
    assert all(one.mend for one in errors if one.code == code)


@pytest.mark.parametrize(
    ("calendar", "code"),
    [
        ('{timezone: America/Los_Angles, hours: {mon: "09:00-17:00"}}', "calendar.timezone"),
        ("{timezone: UTC, hours: {mon: closed}}", "calendar.closed"),
        ('{timezone: UTC, hours: {mon: "09:00-17:00"}, holidays: {country: QQ}}', "calendar.country"),
        ('{timezone: UTC, hours: {mon: "09:00-17:00"}, holidays: {subdivision: CA}}', "calendar.country"),
        (
            '{timezone: UTC, hours: {mon: "09:00-17:00"}, holidays: {country: US, subdivision: XX}}',
            "calendar.subdivision",
        ),
        (
            '{timezone: UTC, hours: {mon: "09:00-17:00"}, holidays: {country: US, remove: [Columbus]}}',
            "calendar.holiday",
        ),
    ],
)
def test_names_of_the_calendar_must_exist(calendar: str, code: str) -> None:
    """A time zone, country, subdivision or holiday that does not exist is an error."""
    (finding,) = found(f"calendars: {{c: {calendar}}}\n{SOUND}")

    assert (finding.severity, finding.code, finding.line) == (Severity.ERROR, code, 1)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("when: {region: emea}, to: pool:west", "when: {country: US, lead_type: demo}, to: pool:pro", "rule.overlap"),
        ("- {name: big,", "- {name: chats, when: {channel: chat}, to: pool:west}\n  - {name: big,", "rule.backwards"),
        ("when: {region: emea}", "when: {region: emea, stack: crm}", "rule.no_form"),
        ("emea: {country: [DE, FR]}", "emea: {country: [DE, FR, US]}", ""),
        ("emea: {country: [DE, FR]}", "emea: {country: US, state: [NY, CA], postal_code: '94105'}", "region.overlap"),
        ("queues: {", "queues: {tank: {kind: claim, owner: o}, ", "queue.escalation"),
        ("owner: ops@x.example", "owner: o\nsla: [{when: {lead_type: demo}, none: x}]", "sla.catch_all"),
        ("owner: ops@x.example", "owner: o\nsla: [{accept: [{after: 1h, do: remind}]}]", "sla.answer"),
        ("owner: ops@x.example", "owner: o\nsla: [{clock: owner}]", "sla.answer"),
        ("owner: ops@x.example",
         f"owner: o\nsla: [{{when: {{lead_type: call}}, accept: {FLAGGED_AT_1M}}}, {{accept: {FLAGGED_AT_2M}}}]",
         "sla.intent_order"),
    ],
)  # fmt: skip
def test_each_warning_asks_for_a_yes(old: str, new: str, code: str) -> None:
    """One change to a sound policy gives a warning of that code, and no error."""
    codes = {(one.severity, one.code) for one in found(SOUND.replace(old, new, 1))}

    assert codes == ({(Severity.WARNING, code)} if code else set())


def test_the_line_of_a_finding_is_the_line_of_the_text() -> None:
    """A finding points at the line that names the unknown word."""
    text = SOUND.replace("when: {region: west}", "when: {region: wets}")

    (finding,) = found(text)

    assert "wets" in text.splitlines()[finding.line - 1]
    assert finding.mend == "did you mean `west`?"
    assert finding.place == f"line {finding.line}"


def test_because_excuses_a_step_backwards() -> None:
    """A weaker rule that says why it stands early is no finding, and does not make its successors step back."""
    early = "- {name: chats, when: {channel: chat}, to: pool:west, because: chats cannot wait}\n  - {name: big,"

    assert found(SOUND.replace("- {name: big,", early)) == ()


def test_an_earlier_rule_that_is_a_part_of_the_later_is_no_overlap() -> None:
    """A narrow rule before a wide one is how exceptions are written."""
    narrow = "- {name: paris, when: {country: FR, postal_code: {starts_with: '75'}}, to: pool:pro}\n  - {name: west,"

    assert found(SOUND.replace("- {name: west,", narrow)) == ()


def test_an_open_rule_behind_a_gated_one_still_takes_the_unqualified() -> None:
    """The same condition twice is no dead rule when the first looks at qualified leads only."""
    twice = "- {name: west again, when: {region: west}, gate: none, to: pool:west}\n  - {name: emea,"

    assert found(SOUND.replace("- {name: emea,", twice)) == ()


def test_examples_of_overlaps_run_through_the_real_rules() -> None:
    """The lead that a finding shows is taken by the rule that it says wins."""
    text = SOUND.replace(
        "name: emea, when: {region: emea}, to: pool:west",
        "name: demos, when: {country: [US, DE], lead_type: demo}, to: pool:pro",
    )
    policy = compile_policy(parse_policy(text))

    (finding,) = found(text)

    assert finding.example is not None
    match = policy.match(policy.derive(finding.example), qualified=True)
    assert match.rule is not None
    assert match.rule.name == "west"


def test_examples_of_the_example_run_through_its_rules(example: PolicyDocument) -> None:
    """Each overlap that is found in the example shows a lead that two of its rules take, attributes included."""
    policy = compile_policy(example)

    for finding in check_policy(example):
        if finding.code == "rule.overlap":
            derived = policy.derive({**STRANGER, **(finding.example or {}), **(finding.beside or {})})
            takers = [one.rule for one in policy.compiled_rules() if one.test(derived.values, derived.blocked)]
            assert finding.line in {rule.line for rule in takers}
            assert policy.match(derived, qualified=True).rule in takers
            assert any(f"`{rule.name}` (line {rule.line})" in finding.message for rule in takers)


def test_what_only_the_catch_all_takes_is_told_with_a_lead() -> None:
    """Each kind of gap comes with facts that the catch-all does take."""
    document = parse_policy(SOUND)
    policy = compile_policy(document)

    told = [one for one in check_policy(document) if one.code == "rules.left_over"]

    assert [one.message for one in told] == [
        "only `rest` takes leads whose country is none of DE, FR or US, or unknown",
        "only `rest` takes leads whose country is US and whose state is none of CA, or unknown",
    ]
    for finding in told:
        assert finding.example is not None
        match = policy.match(policy.derive(finding.example), qualified=True)
        assert match.rule is not None
        assert match.rule.is_catch_all


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("to: pool:west}", "to: rep:anne}", "rep.unknown"),
        ("to: pool:west}", "to: rep:bert}", "rep.departed"),
        ("members: {team: West}", "members: {reps: [anna, bert]}", "rep.departed"),
        ("members: {team: West}", "members: {reps: [zoe]}", "rep.unknown"),
        ("members: {team: West}", "members: {team: East}", "pool.empty"),
    ],
)
def test_people_are_checked_against_the_roster(old: str, new: str, code: str) -> None:
    """Unknown and departed reps are errors, a pool of nobody is a warning; without a roster none is found."""
    text = SOUND.replace(old, new, 1)

    assert code in {one.code for one in found(text, ROSTER)}
    assert found(text) == ()


def test_another_prover_can_take_the_place_of_the_plain_one() -> None:
    """What the rules take from each other is asked of the given prover, and only where every word means something."""

    def prove(_document: PolicyDocument) -> Iterator[Finding]:
        yield info("proved", "all is well", 0)

    sound = check_policy(parse_policy(SOUND), prove=prove)
    broken = check_policy(parse_policy(SOUND.replace("product: Pro", "product: Por", 1)), prove=prove)

    assert "proved" in {one.code for one in sound}
    assert "proved" not in {one.code for one in broken}


def test_findings_come_with_the_gravest_first() -> None:
    """Errors stand before warnings, warnings before what is only told."""
    text = SOUND.replace("owner: ops@x.example", "sla: [{when: {lead_type: demo}, none: x}]")

    severities = [one.severity for one in check_policy(parse_policy(text))]

    assert severities == sorted(severities, key=list(Severity).index)
    assert len(set(severities)) == len(Severity)

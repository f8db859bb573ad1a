"""A suite of faults: each is put into a sound policy, and the check must find it; in the sound ones it finds none."""

import pytest

from shared.policy.check import check_policy
from shared.policy.errors import Finding, PolicyError, Severity
from shared.policy.parse import parse_policy
from tests.fixtures.policy_faults import FAULTS, ROSTER, SOUND, Fault
from tests.fixtures.policy_texts import FULL_POLICY


def found(text: str) -> tuple[Finding, ...]:
    """What the check finds, the reading included."""
    try:
        return check_policy(parse_policy(text), ROSTER)
    except PolicyError as error:
        return error.findings


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_found_in_what_is_sound(name: str) -> None:
    """No error and no warning; and every example of a gap is confirmed, for nothing else is ever shown."""
    findings = found(SOUND[name])

    assert [str(one) for one in findings if one.severity is not Severity.INFO] == []
    assert {one.code for one in findings} <= {"rules.left_over"}


def test_the_known_warnings_of_a_policy_with_account_rules() -> None:
    """Of the two rules on accounts the earlier one wins on purpose, which is asked for; the rest is sound."""
    findings = [one for one in check_policy(parse_policy(FULL_POLICY)) if one.severity is not Severity.INFO]

    assert [(one.code, one.message.split("`")[1]) for one in findings] == [
        ("rule.overlap", "deal"),
        ("queue.escalation", "shark_tank"),
    ]


def test_the_known_warnings_of_the_example(example_text: str) -> None:
    """The example's account rules overlap on purpose, and its Rhineland takes partners from the overseas partners."""
    findings = [one for one in check_policy(parse_policy(example_text)) if one.severity is not Severity.INFO]

    assert {one.code for one in findings} == {"rule.overlap"}
    assert [(one.message.split("`")[1], one.message.split("`")[3]) for one in findings] == [
        ("customer-support", "open-opportunity"),
        ("open-opportunity", "customer-expansion"),
        ("customer-support", "named-accounts"),
        ("open-opportunity", "named-accounts"),
        ("rhineland", "overseas-partners"),
    ]


def test_there_are_faults_enough() -> None:
    """No two faults are the same, and the suite is as large as was promised."""
    assert len({(one.policy, one.old, one.new) for one in FAULTS}) == len(FAULTS)
    assert len(FAULTS) >= 60


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_every_fault_is_found(fault: Fault) -> None:
    """The fault is found under its code, at a line of the policy, with a lead where there can be one, and the mend."""
    sound = SOUND[fault.policy]
    before = {(one.code, one.message) for one in found(sound)}
    assert fault.old in sound

    findings = [one for one in found(sound.replace(fault.old, fault.new, 1)) if (one.code, one.message) not in before]

    matching = [one for one in findings if (one.code, one.severity) == (fault.code, fault.severity)]
    assert matching, [str(one) for one in findings]
    assert all(one.example is not None for one in matching) or not fault.example
    assert all(one.mend or one.severity is Severity.INFO for one in matching)
    assert "proof.disagrees" not in {one.code for one in findings}

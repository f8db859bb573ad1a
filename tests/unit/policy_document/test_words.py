"""Targets, durations, and the selectors of reps."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.duration import DurationError, format_duration, parse_duration
from shared.domain.rep import EVERYONE, Members, Rep, RepStatus, Seniority
from shared.domain.target import Target, TargetError, TargetKind

ANNA = Rep("anna", "Anna", team="West", seniority=Seniority.SENIOR, segments=("enterprise",), skills=("gtk", "crm"))


@pytest.mark.parametrize(
    "text",
    [
        "rep:anna",
        "pool:west",
        "queue:exceptions",
        "owner:opportunity",
        "owner:account",
        "team:account_owner",
        "divert:support",
        "nurture:long_term",
        "suppress",
        "keep_owner",
        "merge",
    ],
)
def test_every_form_of_a_target_is_read_and_written_alike(text: str) -> None:
    """A target that is written down and read again is the same."""
    target = Target.parse(text)

    assert str(target) == text
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize("text", ["", "pool", "pool:", "suppress:now", "owner:rep", "team:west", "people:all", ":x"])
def test_a_wrong_target_is_refused_with_the_forms_there_are(text: str) -> None:
    """What is no target is named together with what to write instead."""
    with pytest.raises(TargetError, match=r"is not a target; (write|the forms are)"):
        Target.parse(text)


def test_blanks_around_a_target_do_not_count() -> None:
    """A target is the same with blanks around its words."""
    assert Target.parse(" pool : west ") == Target(TargetKind.POOL, "west")


@given(st.integers(0, 999_999), st.sampled_from("smhd"))
def test_a_duration_survives_writing(count: int, unit: str) -> None:
    """Reading what was written gives the same duration."""
    duration = parse_duration(f"{count}{unit}")

    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("10m", 600), ("2h", 7_200), ("90d", 7_776_000)])
def test_durations_have_the_length_of_their_unit(text: str, seconds: int) -> None:
    """Each unit counts its seconds."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "1.5h", "5w", "5 m", "1h30m", "99999999d", "٣m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """A duration without a unit, or with another, is refused with examples."""
    with pytest.raises(DurationError, match="like 30s, 10m, 2h or 90d"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("members", "found"),
    [
        (EVERYONE, True),
        (Members(teams=("west",)), True),
        (Members(teams=("East", "WEST")), True),
        (Members(teams=("East",)), False),
        (Members(reps=("anna",)), True),
        (Members(reps=("Anna",)), False),
        (Members(segments=("Enterprise",), at_least=Seniority.SENIOR), True),
        (Members(teams=("West",), skills=("law",)), False),
        (Members(skills=("law", "crm")), True),
        (Members(languages=("de",)), False),
        (Members(at_least=Seniority.JUNIOR), True),
    ],
)
def test_all_given_selectors_must_hold_and_any_word_of_each(members: Members, found: object) -> None:
    """A rep is a member when each selector that is given names one of the rep's words."""
    assert members.matches(ANNA) is found


def test_seniority_is_ordered() -> None:
    """A junior is below a regular, a regular below a senior, and `at_least` takes equals."""
    juniors, regulars, seniors = (Members(at_least=one) for one in Seniority)
    regular = Rep("r", "R")

    assert juniors.matches(regular)
    assert regulars.matches(regular)
    assert not seniors.matches(regular)


def test_a_rep_has_the_defaults_of_the_reference_data() -> None:
    """Who is given with id and name only is active, regular, of weight one, and unlimited."""
    rep = Rep("r", "R")

    assert (rep.status, rep.seniority, rep.weight, rep.capacity) == (
        RepStatus.ACTIVE,
        Seniority.REGULAR,
        Fraction(1),
        None,
    )
    assert rep.is_active

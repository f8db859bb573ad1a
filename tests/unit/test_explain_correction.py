"""Facts corrected by hand take the normal forms of the door, and what follows from them follows."""

from typing import Any

import pytest

from shared.errors import RefusedError, UsageError
from workers.assignment.policy.correction import correct

_SHEET: dict[str, Any] = {
    "facts": {
        "email": "ana@acme.example",
        "email_key": "ana@acme.example",
        "email_domain": "acme.example",
        "free_mail": False,
        "disposable": False,
        "low_identification": False,
        "domain": "acme.example",
        "employees": 30,
        "employees_upper": 50,
    },
    "origins": {"email": "form", "domain": "email", "employees": "form", "employees_upper": "employees"},
    "bad": {"country": "Atlantis", "state": "Texas", "phone": "214 555 0100"},
    "blanks": ["industry", "product"],
    "conflicts": [{"field": "country/phone", "a": "GB", "b": "US"}, {"field": "email/website", "a": "a", "b": "b"}],
}


def test_a_corrected_fact_is_normal_and_no_longer_bad() -> None:
    """The value takes its normal form, its origin is the correction, and it counts as understood."""
    sheet, changes = correct(_SHEET, {"country": "Deutschland"})

    assert sheet["facts"]["country"] == "DE"
    assert sheet["origins"]["country"] == "correction"
    assert "country" not in sheet["bad"]
    assert ("country", None, "DE") in [(one.field, one.before, one.after) for one in changes]
    assert _SHEET["bad"]["country"] == "Atlantis"


def test_the_right_country_makes_its_places_readable() -> None:
    """A state and a telephone that nobody could read without the country are read with it."""
    sheet, _ = correct(_SHEET, {"country": "USA"})

    assert (sheet["facts"]["state"], sheet["facts"]["phone"]) == ("TX", "+12145550100")
    assert (sheet["origins"]["state"], sheet["origins"]["phone"]) == ("form", "form")
    assert sheet["bad"] == {}


def test_a_state_of_the_former_country_is_forgotten() -> None:
    """What was read by a wrong country is unknown in the right one, unless it means something there."""
    american, _ = correct(_SHEET, {"country": "US"})

    german, _ = correct(american, {"country": "DE"})

    assert "state" not in german["facts"]


def test_the_country_counts_first_whatever_the_order() -> None:
    """State and country corrected together fit each other."""
    sheet, _ = correct(_SHEET, {"state": "ontario", "country": "Canada"})

    assert (sheet["facts"]["state"], sheet["facts"]["country"]) == ("ON", "CA")


def test_followers_follow() -> None:
    """A new size loses the former upper bound; a private address is no company's domain."""
    sheet, changes = correct(_SHEET, {"employees": "400", "email": "Ana@Gmail.com"})

    assert sheet["facts"]["employees"] == 400
    assert sheet["facts"].get("employees_upper") in {None, 400}
    assert sheet["facts"]["free_mail"] is True
    assert "domain" not in sheet["facts"]
    assert {"email", "employees", "domain"} <= {one.field for one in changes}


def test_an_empty_value_makes_a_fact_unknown() -> None:
    """Nothing behind the equals sign takes the fact away."""
    sheet, changes = correct(_SHEET, {"employees": ""})

    assert "employees" not in sheet["facts"]
    assert [(one.field, one.after) for one in changes] == [("employees", None)]


def test_a_teams_own_field_is_set_beside_the_others() -> None:
    """One attribute changes, the others stay."""
    first, _ = correct(_SHEET, {"attributes.persona": "finance"})

    second, _ = correct(first, {"attributes.region_code": "7"})

    assert second["facts"]["attributes"] == {"persona": "finance", "region_code": "7"}


def test_a_settled_conflict_is_gone() -> None:
    """A conflict in which a corrected fact took part is settled, another is not."""
    sheet, _ = correct(_SHEET, {"country": "GB", "industry": "Software"})

    assert [one["field"] for one in sheet["conflicts"]] == ["email/website"]
    assert sheet["blanks"] == ["product"]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("country", "Atlantis", "two letters"),
        ("postal_code", "?", "as the lead's country has them"),
        ("employees", "lots", "number or a range"),
    ],
)
def test_a_value_that_is_not_understood_is_refused(field: str, value: str, says: str) -> None:
    """A correction cannot put the next riddle in the place of the last."""
    with pytest.raises(RefusedError, match=says):
        correct(_SHEET, {field: value})


@pytest.mark.parametrize(
    ("field", "says"),
    [("contry", "country"), ("qualified_at", "only the system"), ("segment", "employees"), ("attributes.", "its name")],
)
def test_what_is_no_fact_cannot_be_corrected(field: str, says: str) -> None:
    """A misspelt field names the nearest one; what only the system says is refused with the reason."""
    with pytest.raises(UsageError, match=says):
        correct(_SHEET, {field: "x"})

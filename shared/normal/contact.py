"""Whether a lead can be reached at all: what intake asks before it takes a lead."""

from collections.abc import Mapping

from shared.normal.country import country_code
from shared.normal.email import is_valid
from shared.normal.phone import Phone, normal_phone


def valid_contact(data: Mapping[str, object]) -> bool:
    """Say whether a submission has at least one syntactically valid e-mail address or telephone number.

    A national number counts when the submission's country gives its region.
    """
    return is_valid(data.get("email")) or phone_of(data.get("phone"), country_code(data.get("country"))) is not None


def phone_of(value: object, country: str | None) -> Phone | None:
    """Return the number in a phone field; JSON numbers count as their digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        # No telephone number has more digits; converting a huge integer would cost quadratic time.
        value = str(value) if 0 < value < 10**18 else None
    return normal_phone(value, country)

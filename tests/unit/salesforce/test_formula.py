"""Formulas: what is translated, and that everything else is named and never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.salesforce.formula_logic import logic_of_formula
from shared.policy.salesforce.logic import And, Logic, Negation, Operation, Or, Term, UntranslatedError


def _is(field: str, value: str) -> Term:
    return Term(f"Lead.{field}", Operation.EQUALS, (value,))


@pytest.mark.parametrize(
    ("text", "logic"),
    [
        ('ISPICKVAL(Rating, "Hot")', _is("Rating", "Hot")),
        ("isblank( Company )", _is("Company", "")),
        ('AND(Country = "US", NOT(ISBLANK(State)))', And((_is("Country", "US"), Negation(_is("State", ""))))),
        ('Country = "US" || Country == "CA"', Or((_is("Country", "US"), _is("Country", "CA")))),
        (
            'A__c = "1" && B__c <> "2" || C__c != "3"',
            Or((And((_is("A__c", "1"), Negation(_is("B__c", "2")))), Negation(_is("C__c", "3")))),
        ),
        ("!Vip__c", Negation(_is("Vip__c", "True"))),
        ("NOT(Vip__c = FALSE)", Negation(Negation(_is("Vip__c", "True")))),
        ("'US' = Lead.Country", _is("Country", "US")),
        (r'Company = "The \"Big\" One"', _is("Company", 'The "Big" One')),
        ('RecordType.Name = "Inbound"', _is("RecordTypeId", "Inbound")),
        ("TRUE", And(())),
        ("OR(FALSE, Vip__c)", Or((Or(()), _is("Vip__c", "True")))),
        ('/* a note */ ISPICKVAL(Rating, /* hot */ "Hot")\n', _is("Rating", "Hot")),
        ('a_ns__Field__c = "x, y"', _is("a_ns__Field__c", "x, y")),
    ],
)
def test_what_says_the_same_is_translated(text: str, logic: Logic) -> None:
    """AND, OR, NOT, ISPICKVAL, ISBLANK, their signs, and a field that equals a text or a box."""
    assert logic_of_formula(text) == logic


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ISCHANGED(Country)", "ISCHANGED asks what the record was before"),
        ("AND(ISNEW(), Vip__c)", "ISNEW asks what the record was before"),
        ('PRIORVALUE(Country) = "US"', "PRIORVALUE asks what the record was before"),
        ("CreatedDate > TODAY()", "CreatedDate > TODAY\\(\\): a formula compares"),
        ("NumberOfEmployees * 2 = 10", "NumberOfEmployees \\* 2 stands where a field is expected|number in a formula"),
        ("NumberOfEmployees = 5", "a blank may count as zero"),
        ("NumberOfEmployees >= 5", "a formula compares"),
        ('CONTAINS(Company, "Inc")', "CONTAINS is not among .* use a criterion with the operator contains"),
        ('TEXT(LeadSource) = "Web"', "TEXT is not among .* write ISPICKVAL"),
        ('CASE(Country, "US", 1, 0) = 1', "CASE is not among"),
        ('IF(Vip__c, "a", "b") = "a"', "IF is not among"),
        ("ISNULL(Company)", "write ISBLANK"),
        ("Company = LastName", "Company is compared with LastName"),
        ('$User.Country = "US"', "\\$User.Country is no field of the lead"),
        ('Owner:User.Country = "US"', "is no field of the lead"),
        ('"text"', "where something true or false is expected"),
        ("A__c + B__c", "A__c \\+ B__c: a formula reckons"),
        ("NOT(A__c, B__c)", "NOT is not among"),
        ("AND()", "AND is not among"),
        ("ISPICKVAL(A__c, B__c)", "ISPICKVAL is not among"),
        ("ISBLANK(TRIM(A__c))", "TRIM is not among"),
        ("AND(ISNEW(), ISCHANGED(A__c), Vip__c)", "ISNEW .*; ISCHANGED"),
    ],
)
def test_everything_else_is_named(text: str, why: str) -> None:
    """The reason names the function or the sign, and all of them where there are several."""
    with pytest.raises(UntranslatedError, match=why):
        logic_of_formula(text)


_BROKEN = ("", "AND(", "AND)", "A__c =", '"open', "A__c B__c", "A__c ? 1", "AND(A__c B__c)", "(A__c", "1 +")
_ENDLESS = ("!" * 5000, "(" * 5000, "AND(" * 3000 + "A" + ")" * 3000, "+".join("1" * 3000), "A = " * 2000 + "B")


@pytest.mark.parametrize("text", [*_BROKEN, *_ENDLESS])
def test_a_formula_that_cannot_be_read_says_so(text: str) -> None:
    """However long or deep it is, it ends in a sentence."""
    with pytest.raises(UntranslatedError, match="the formula cannot be read"):
        logic_of_formula(text)


def test_many_parts_are_read_flat() -> None:
    """A formula at the limit of Salesforce's length does not exhaust the stack."""
    text = " || ".join(f'State = "{number}"' for number in range(400))

    logic = logic_of_formula(text)

    assert isinstance(logic, Or)
    assert len(logic.parts) == 400


@given(st.text(alphabet="AND()ORT,ISBLK \"'=<>!&|+-*/^_c.1\\", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but a tree or the one error comes back."""
    try:
        logic: object = logic_of_formula(text)
    except UntranslatedError as error:
        logic = error

    assert isinstance(logic, Term | And | Or | Negation | UntranslatedError)

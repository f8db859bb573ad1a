"""Single criteria as conditions: every operator, every home of a field, and what has no counterpart."""

import pytest

from shared.errors import InputFileError
from shared.policy.condition import Condition
from shared.policy.salesforce.criteria import Translator
from shared.policy.salesforce.declared import Declared, survey
from shared.policy.salesforce.fields import read_fields
from shared.policy.salesforce.filter import split_values
from shared.policy.salesforce.logic import And, Logic, Operation, Term, UntranslatedError
from shared.policy.salesforce.render import flow


def _term(field: str, operation: str, value: str = "") -> Term:
    return Term(f"Lead.{field}", Operation(operation), split_values(value))


def _translate(*terms: Logic) -> tuple[Condition, Declared]:
    logic = And(terms)
    declared = survey([logic])
    return Translator(declared).condition(logic), declared


@pytest.mark.parametrize(
    ("field", "operation", "value", "condition"),
    [
        ("Country", "equals", "US,USA,United States", "{country: US}"),
        ("Country", "notEqual", "Germany,FR", "{any: [{country: {known: false}}, {country: {not_in: [DE, FR]}}]}"),
        ("Country", "equals", "", "{country: {known: false}}"),
        ("Country", "notEqual", "", "{country: {known: true}}"),
        ("Country", "equals", ",Canada", "{any: [{country: CA}, {country: {known: false}}]}"),
        ("Country", "notEqual", ",Norway", '{country: {not_in: ["NO"]}}'),
        ("CountryCode", "equals", "GB", "{country: GB}"),
        ("State", "equals", "California,NY", "{state: [CA, NY]}"),
        ("StateCode", "equals", "ON", '{state: "ON"}'),
        ("State", "equals", "Ontario", '{state: [Ontario, "ON"]}'),
        ("PostalCode", "startsWith", "94,95", '{postal_code: {starts_with: ["94", "95"]}}'),
        ("PostalCode", "equals", "SW1A1AA,94105", '{postal_code: [SW1A 1AA, "94105"]}'),
        ("Industry", "equals", "Banking", "{industry: finance}"),
        ("LeadSource", "equals", "Web,Trade Show", "{original_source: [Web, Trade Show]}"),
        ("LeadSource", "contains", "web", "{LeadSource_words: web}"),
        (
            "LeadSource",
            "notContain",
            "a,b",
            "{any: [{LeadSource_words: {known: false}}, {LeadSource_words: {not_in: [a, b]}}]}",
        ),
        ("NumberOfEmployees", "lessThan", "200", "{employees: {lt: 200}}"),
        ("NumberOfEmployees", "greaterThan", "99.5", "{employees: {gt: 99}}"),
        ("NumberOfEmployees", "lessOrEqual", "99.5", "{employees: {lte: 99}}"),
        ("NumberOfEmployees", "greaterOrEqual", "99.5", "{employees: {gte: 100}}"),
        ("NumberOfEmployees", "greaterThan", "-1", "{employees: {known: true}}"),
        ("NumberOfEmployees", "lessThan", "99999999999", "{employees: {known: true}}"),
        ("NumberOfEmployees", "lessThan", "-1", "{any: []}"),
        ("NumberOfEmployees", "equals", "5,7.5", "{employees: 5}"),
        ("NumberOfEmployees", "notEqual", "5", "{any: [{employees: {known: false}}, {employees: {not_in: [5]}}]}"),
        ("NumberOfEmployees", "notEqual", "", "{employees: {known: true}}"),
        ("Email", "contains", "@acme.example", '{Email_words: "@acme.example"}'),
        ("Rating", "equals", "Hot,Warm", "{Rating: [Hot, Warm]}"),
        ("Region__c", "startsWith", "EM", "{Region__c: {starts_with: [EM]}}"),
        ("Interest__c", "includes", "A,B;C", "{any: [{Interest__c: A}, {all: [{Interest__c: B}, {Interest__c: C}]}]}"),
        ("Interest__c", "excludes", "A", "{any: [{Interest__c: {known: false}}, {Interest__c: {not_in: [A]}}]}"),
        ("Vip__c", "equals", "True", '{Vip__c: "true"}'),
        ("Vip__c", "equals", "False", '{any: [{Vip__c: {known: false}}, {Vip__c: {not_in: ["true"]}}]}'),
        ("Vip__c", "notEqual", "False", '{Vip__c: "true"}'),
        ("RecordTypeId", "equals", "Inbound", "{RecordType: Inbound}"),
        ("CreatedById", "equals", "Marketo Sync", "{CreatedById: Marketo Sync}"),
    ],
)
def test_each_operator_has_its_condition(field: str, operation: str, value: str, condition: str) -> None:
    """Values stand in our words, and what a blank does is written out."""
    found, _ = _translate(_term(field, operation, value))

    assert flow(found) == condition


@pytest.mark.parametrize(
    ("field", "operation", "value", "why"),
    [
        ("Country", "contains", "United", "normal form"),
        ("Country", "startsWith", "U", "normal form"),
        ("Country", "equals", "Atlantis,EMEA", "no value of it is understood as country"),
        ("State", "notContain", "Cal", "normal form"),
        ("PostalCode", "greaterOrEqual", "90000", "beside a country that is the United States"),
        ("PostalCode", "equals", "94105-1234", "no value of it is understood as postal code"),
        ("AnnualRevenue", "greaterThan", "5", "only the number of employees is a number"),
        ("NumberOfEmployees", "contains", "5", "no part can be asked for"),
        ("NumberOfEmployees", "lessThan", "5,6", "compared with several"),
        ("NumberOfEmployees", "lessThan", "", "is no plain number"),
        ("NumberOfEmployees", "equals", "many", "is no plain number"),
        ("Location__c", "within", "5", "distances"),
        ("Follow_Up__c", "equals", "TODAY", "move with the day"),
        ("Follow_Up__c", "equals", "LAST_N_DAYS:30", "move with the day"),
        ("CreatedDate", "equals", "2026-01-01", "tells of the record in Salesforce"),
        ("OwnerId", "equals", "Somebody", "tells of the record in Salesforce"),
        ("Interest__c", "excludes", "A,B", "pages disagree"),
        ("Company", "contains", "", "asks for nothing"),
        ("Company", "startsWith", "", "asks for nothing"),
        ("Company", "includes", "A", "no multi-select picklist"),
        ("Company", "equals", "x" * 501, "longer than 500"),
        ("a b", "equals", "x", "no name of a field"),
        ("", "equals", "x", "no name of a field"),
    ],
)
def test_what_has_no_counterpart_is_named(field: str, operation: str, value: str, why: str) -> None:
    """The reason repeats the criterion, and says what is missing here."""
    with pytest.raises(UntranslatedError, match=why):
        _translate(_term(field, operation, value))


def test_fields_of_the_user_are_not_the_leads() -> None:
    """Who saves the record is no fact of a lead."""
    with pytest.raises(UntranslatedError, match="no field of the lead itself"):
        _translate(Term("User.ProfileId", Operation.EQUALS, ("x",)))


def test_a_value_that_is_no_country_is_left_out_and_told() -> None:
    """The others stay; a lead that says it is held, not sent astray."""
    found, declared = _translate(_term("Country", "equals", "US,EMEA"))

    assert flow(found) == "{country: US}"
    assert any("“EMEA” is left out" in note for note in declared.notes)


def test_industries_that_would_fall_together_become_an_attribute() -> None:
    """Banking and insurance are both finance here; entries that part them need the words themselves."""
    apart, declared = _translate(_term("Industry", "equals", "Banking"), _term("Industry", "notEqual", "Insurance"))
    alone, alone_declared = _translate(_term("Industry", "equals", "Banking"))

    assert "Industry" in declared.attributes
    assert "Industry: Banking" in flow(apart)
    assert flow(alone) == "{industry: finance}"
    assert any("“Banking” is “finance” here" in note for note in alone_declared.notes)


def test_a_table_says_which_field_of_ours_another_is() -> None:
    """A team's own country, product or size is ours; its values are brought to our words."""
    terms = (
        _term("Primary_Country__c", "equals", "UK"),
        _term("SKU__c", "startsWith", "S"),
        _term("Size__c", "lessThan", "5"),
    )
    table = "Field,As\nLead.Primary_Country__c,country\nsku__c,product\nSize__c,employees\n"

    declared = survey(terms, read_fields(table, "fields.csv"))
    found = Translator(declared).condition(And(terms))

    assert flow(found) == "{country: GB, product: {starts_with: [S]}, employees: {lt: 5}}"
    assert declared.attributes == {}


def test_a_table_that_names_no_field_of_ours_is_refused() -> None:
    """With the line, and the nearest name."""
    with pytest.raises(InputFileError, match=r"fields.csv, line 2: .* `land`; .*country"):
        read_fields("field,as\nCountry__c,land\n", "fields.csv")


def test_a_field_with_several_choices_has_no_exact_one() -> None:
    """Where an entry includes, another cannot ask for the exact choice; an empty one it can."""
    with pytest.raises(UntranslatedError, match="exact choice"):
        _translate(_term("Interest__c", "includes", "A"), _term("Interest__c", "equals", "A"))

    found, _ = _translate(_term("Interest__c", "includes", "A"), _term("Interest__c", "notEqual", ""))

    assert flow(found) == "{Interest__c: {in: A, known: true}}"


def test_true_and_false_beside_other_words_are_words() -> None:
    """Only a field that is held against nothing but true and false is a box, of which an empty one is false."""
    found, _ = _translate(_term("Trial__c", "equals", "False"), _term("Trial__c", "notEqual", "Maybe"))

    assert '{Trial__c: "False"}' in flow(found)


def test_one_field_has_one_spelling() -> None:
    """Names of fields compare without regard to case."""
    found, declared = _translate(_term("Region__c", "equals", "A"), _term("REGION__C", "notEqual", "B"))

    assert list(declared.attributes) == ["Region__c"]
    assert "REGION__C" not in flow(found)

"""A whole file as a policy: names, places, comments, what is left out, and what the check finds in it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.target import Target
from shared.errors import InputFileError
from shared.normal.text import clean
from shared.policy.check import check_policy
from shared.policy.condition import ALWAYS, All, FieldTest
from shared.policy.document import PolicyDocument, QueueKind, Rule
from shared.policy.errors import Severity
from shared.policy.parse import parse_policy
from shared.policy.salesforce.convert import Given, Imported, import_rule
from shared.policy.salesforce.places import read_queues, read_users
from shared.policy.salesforce.rules import choose, read_rules
from shared.policy.source import MAXIMUM_CHARACTERS
from shared.policy.words import fold
from tests.fixtures.salesforce_texts import FILES, Criterion, EntryText, rules_file

_GIVEN = Given(owner="ops@here.example")


def _import(entries: Sequence[EntryText], wishes: Given = _GIVEN) -> Imported:
    rules = read_rules(rules_file(entries), "rules.xml")
    return import_rule(choose(rules, None, "rules.xml"), rules[1:], wishes)


def _rule(done: Imported, position: int) -> Rule:
    rules = parse_policy(done.policy).rules
    return next(rule for rule in rules if rule.name.startswith(f"entry-{position:02}"))


@pytest.fixture(scope="module")
def company() -> Imported:
    """The rule of the made-up company, with its tables of users and queues."""
    rules = read_rules((FILES / "Lead.assignmentRules-meta.xml").read_bytes(), "rules.xml")
    users = read_users((FILES / "users.csv").read_text(encoding="utf-8"), "users.csv")
    queues = read_queues((FILES / "queues.csv").read_text(encoding="utf-8"), "queues.csv")
    return import_rule(rules[0], rules[1:], Given("ops@here.example", users, queues))


@pytest.fixture(scope="module")
def document(company: Imported) -> PolicyDocument:
    """The policy that it became."""
    return parse_policy(company.policy)


def test_entries_keep_their_order_and_say_what_they_were(company: Imported, document: PolicyDocument) -> None:
    """37 of 40 become rules named by their position; the text above each is that of Salesforce."""
    names = [rule.name for rule in document.rules]

    assert names == sorted(names)
    assert len(names) == 37
    assert '# 22 (line 285): Lead.Country equals "US,USA,United States,United States of America"' in company.policy
    assert "37 of 40 entries are translated" in company.policy


def test_entries_that_are_left_out_stand_as_comments_at_their_place(company: Imported) -> None:
    """With the position, the line, the reason, and what becomes of the leads."""
    lines = company.policy.splitlines()
    places = [number for number, line in enumerate(lines) if "NOT TRANSLATED 10 (line 91)" in line]
    after = next(line for line in lines[places[0] :] if "- name:" in line)

    assert [one.position for one in company.report.left_out] == [10, 11, 35]
    assert "ISNEW asks what the record was before" in company.report.left_out[0].why
    assert "entry-12" in after
    assert "a later rule may take its leads" in " ".join(lines[places[0] : places[0] + 4])


def test_the_check_shows_what_can_never_fire(document: PolicyDocument) -> None:
    """An entry behind a broader one was dead in Salesforce, where nobody sees it."""
    errors = [one for one in check_policy(document) if one.severity is Severity.ERROR]

    assert [one.code for one in errors] == ["rule.unreachable"]
    assert "`entry-25-canada-web` can never fire: `entry-24-canada` takes all of its leads" in errors[0].message


def test_the_order_of_salesforce_is_a_reason(document: PolicyDocument) -> None:
    """A rule that stands behind a weaker one says why, so that the check need not ask."""
    codes = {one.code for one in check_policy(document)}

    assert "rule.backwards" not in codes
    assert sum(bool(rule.because) for rule in document.rules) > 10


def test_users_and_queues_become_what_the_tables_say(company: Imported, document: PolicyDocument) -> None:
    """Reps by their ids, pools with a team, other queues as claim queues with somebody who is told."""
    to = {rule.name.partition("-")[2][:2]: str(rule.to) for rule in document.rules}

    assert (to["05"], to["08"], to["40"]) == ("rep:ana", "pool:enterprise_us", "pool:everybody")
    assert to["23"] == "rep:chloe.martin@northwind.example"
    assert document.pools["enterprise_us"].members.teams == ("Enterprise US",)
    assert document.queues["Nordics"].kind is QueueKind.CLAIM
    assert document.queues["Nordics"].escalate_to == "ops@here.example"
    assert any("chloe.martin@northwind.example is not in the table" in note for note in company.report.notes)


def test_templates_teams_and_other_rules_are_reported(company: Imported) -> None:
    """What Salesforce does beside giving an owner is named, and so are the rules that were not asked for."""
    by_position = {one.position: one for one in company.report.entries}

    assert "the e-mail template Sales/New_Lead" in by_position[2].not_carried[0]
    assert by_position[29].not_carried == ("the teams Nordic overlay", "that the teams replace those that are there")
    assert company.report.other_rules == ("Inbound 2023 (old) (not active)",)
    assert company.report.send["Segment__c"] == "Segment__c"


def test_an_entry_without_criteria_takes_everybody() -> None:
    """It is the catch-all, so that no other is added."""
    rules = parse_policy(_import([EntryText()]).policy).rules

    assert [(rule.when, str(rule.to)) for rule in rules] == [(ALWAYS, "queue:Somebody")]


def test_what_no_entry_takes_waits_in_an_exception_queue() -> None:
    """In Salesforce it goes to the default lead owner, whom the file does not name."""
    rules = parse_policy(_import([EntryText((Criterion("Country", "equals", "US"),))]).policy).rules

    assert (rules[-1].name, str(rules[-1].to), rules[-1].when) == ("no-entry", "queue:exceptions", ALWAYS)


def test_a_rule_without_entries_is_still_a_policy() -> None:
    """Everything goes to the exceptions."""
    done = _import([])

    assert [rule.name for rule in parse_policy(done.policy).rules] == ["no-entry"]


def test_an_entry_that_assigns_nobody_keeps_the_owner() -> None:
    """Do not reassign; a new lead has no owner, so that it waits for a person."""
    rule = _rule(_import([EntryText((Criterion("Country", "equals", "US"),), to="")]), 1)

    assert [str(target) for target in rule.targets] == ["keep_owner", "queue:exceptions"]


def test_a_kind_of_owner_that_is_not_known_is_left_out() -> None:
    """Nobody is guessed."""
    done = _import([EntryText(kind="Robot")])

    assert "Robot is not known" in done.report.left_out[0].why


def test_a_formula_beside_criteria_is_left_out() -> None:
    """Salesforce would not save that, so nobody can say what it means."""
    done = _import([EntryText((Criterion("Country", "equals", "US"),), formula="TRUE")])

    assert "both a formula and criteria" in done.report.left_out[0].why


def test_queues_whose_names_are_alike_or_taken_keep_apart() -> None:
    """No two queues of Salesforce become one, nor one of those that the policy needs itself."""
    entries = [
        EntryText((Criterion("Country", "equals", "US"),), to=name) for name in ("A B", "A/B", "a b", "exceptions")
    ]

    found = [str(rule.to) for rule in parse_policy(_import(entries).policy).rules]

    assert found == ["queue:A_B", "queue:A_B_2", "queue:A_B", "queue:exceptions_queue", "queue:exceptions"]


def test_attributes_of_entries_that_are_left_out_are_not_declared() -> None:
    """Leads need not bring what no rule asks for."""
    strange = (Criterion("Region__c", "equals", "EMEA"), Criterion("AnnualRevenue", "greaterThan", "5"))

    done = _import([EntryText(strange)])

    assert "Region__c:" not in done.policy
    assert done.report.send == {}


def test_a_rule_with_very_many_entries_is_not_too_long() -> None:
    """What each rule was in Salesforce is left out where the policy could not be read with it."""
    asked = Criterion("Company", "equals", ",".join(f"Company {number}" for number in range(30)))
    entries = [EntryText((asked, Criterion("Region__c", "equals", f"R{number}"))) for number in range(800)]

    done = _import(entries)

    assert len(done.policy) < MAXIMUM_CHARACTERS
    assert "# 1 (line" not in done.policy


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("queue\nA\n", "queues.csv has no column `target`"),
        ("queue,target\nA,\n", "queues.csv, line 2: `target` is blank"),
        ("queue,target\nA,basket:x\n", "queues.csv, line 2: 'basket:x' is not a target"),
        ("queue,target\nA,suppress\n", "queues.csv, line 2: a queue becomes pool:NAME, queue:NAME or rep:ID"),
        ("queue,target\nA,pool:a b\n", "queues.csv, line 2: a queue becomes pool:NAME"),
        ("", "queues.csv has no column `queue`"),
    ],
)
def test_a_table_that_cannot_be_used_says_where(table: str, sentence: str) -> None:
    """The file, the line and the mend."""
    with pytest.raises(InputFileError, match=sentence):
        read_queues(table, "queues.csv")


def test_tables_are_read_forgivingly() -> None:
    """A byte order mark, capitals, blanks and further columns do not matter."""
    users = read_users("\ufeffUsername, Rep_ID ,Name\nAna@X.example , ana ,Ana\n", "users.csv")
    queues = read_queues("Target,Queue\nqueue:west,West Inbound\n", "queues.csv")

    assert users == {"ana@x.example": "ana"}
    assert queues["west inbound"].target == Target.parse("queue:west")


#: What XML can hold.
_ANY_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=40).filter(str.strip)


@given(_ANY_TEXT.filter(lambda text: fold(text) not in {"true", "false"}), _ANY_TEXT)
def test_any_text_survives(value: str, queue: str) -> None:
    """Whatever a value or a queue is called, the policy can be read and the rule asks for that value.

    "true" and "false" may be those of a checkbox, which is never blank; other tests look at them.
    """
    quoted = '"' + value.replace('"', '""') + '"'
    entry = EntryText((Criterion("Region__c", "equals", quoted), Criterion("Company", "contains", quoted)), to=queue)

    done = _import([entry])
    document = parse_policy(done.policy)

    if done.report.left_out:
        assert clean(value) is None
    else:
        words = document.attributes["Company_words"].words
        when = document.rules[0].when
        asked = [part for part in when.parts if isinstance(part, FieldTest)] if isinstance(when, All) else []
        assert list(map(fold, words)) == [fold(clean(value) or "")]
        assert [fold(str(test.values[0])) for test in asked] == [fold(clean(value) or "")] * 2

"""The imported policy, compiled as it would run, takes exactly the leads that Salesforce would give to each entry."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.compile import Policy, compile_policy
from shared.policy.parse import parse_policy
from shared.policy.salesforce.convert import Given, Imported, import_rule
from shared.policy.salesforce.rules import choose, read_rules
from tests.fixtures.salesforce_texts import EntryText, rules_file
from tests.unit.salesforce.drawn import ENTRIES, STRANGE, fits_together, records, submission
from tests.unit.salesforce.oracle import Asked, Record
from workers.enrichment.policy.facts import fact_sheet
from workers.enrichment.policy.reading import read


def _import(entries: Sequence[EntryText]) -> Imported:
    rules = read_rules(rules_file(entries), "rules.xml")
    return import_rule(choose(rules, None, "rules.xml"), (), Given(owner="ops@here.example"))


def _taken_by(policy: Policy, record: Record) -> tuple[str, set[str]]:
    """The rule that takes a lead which says the same as the record, and all rules that would."""
    sheet = fact_sheet(read(submission(record)))
    assert sheet.bad == {}
    derived = policy.derive(sheet.facts)
    match = policy.match(derived, qualified=True)
    would = {one.rule.name for one in policy.compiled_rules() if one.test(derived.values, derived.blocked)}
    return match.rule.name if match.rule else f"held on {match.held_on}", would - {"no-entry"}


def _expected(asked: Sequence[tuple[int, Asked]], record: Record) -> tuple[str, set[str]]:
    would = [f"entry-{position:02}-somebody" for position, one in asked if one.holds(record)]
    return (would or ["no-entry"])[0], set(would)


@given(
    st.lists(ENTRIES, min_size=1, max_size=5),
    st.lists(records().filter(fits_together), min_size=1, max_size=8),
)
@settings(max_examples=100)
def test_every_lead_goes_where_salesforce_sends_it(
    entries: Sequence[tuple[EntryText, Asked]], leads: Sequence[Record]
) -> None:
    """Blanks, negations, lists, several choices, boxes, numbers and formulas mean what they meant, in their order."""
    done = _import([text for text, _ in entries])
    policy = compile_policy(parse_policy(done.policy))
    asked = [(position, one) for position, (_, one) in enumerate(entries, start=1)]

    found = [_taken_by(policy, record) for record in leads]

    assert done.report.left_out == ()
    assert any(rule.is_catch_all for rule in policy.rules)
    assert found == [_expected(asked, record) for record in leads]


@given(
    st.lists(st.one_of(ENTRIES, STRANGE), min_size=1, max_size=5),
    st.lists(records().filter(fits_together), min_size=1, max_size=5),
)
@settings(max_examples=60)
def test_what_is_left_out_takes_nobody(
    entries: Sequence[tuple[EntryText, Asked] | EntryText], leads: Sequence[Record]
) -> None:
    """A condition that is not translated makes no rule broader: its entry is away, and the others are as before."""
    texts = [one if isinstance(one, EntryText) else one[0] for one in entries]
    asked = [(place, one[1]) for place, one in enumerate(entries, start=1) if not isinstance(one, EntryText)]
    strange = [place for place, one in enumerate(entries, start=1) if isinstance(one, EntryText)]
    done = _import(texts)
    policy = compile_policy(parse_policy(done.policy))

    found = [_taken_by(policy, record) for record in leads]

    assert [one.position for one in done.report.left_out] == strange
    assert all(one.why for one in done.report.left_out)
    assert all(f"NOT TRANSLATED {place} (line" in done.policy for place in strange)
    assert found == [_expected(asked, record) for record in leads]

"""Policies checked, put into force, put back, and asked about leads that do not exist."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from shared.db.policies import Version
from shared.db.transaction import transaction
from shared.errors import InputFileError, RefusedError
from shared.policy.compile import compile_policy
from shared.policy.errors import PolicyError, Severity
from shared.policy.parse import parse_policy
from shared.settings import Settings
from tests.fixtures.ops_texts import OPS_POLICY, OPS_TEAM
from tests.fixtures.pipeline import Pipeline, lead_event
from tests.fixtures.policy_faults import SOUND
from tests.fixtures.policy_texts import OPEN_POLICY
from workers.assignment.ops.find import active_policy
from workers.assignment.ops.policies import (
    activate_document,
    check_document,
    fallbacks_of,
    read_document,
    roll_back,
    roster_if_reachable,
)
from workers.explain import destination, read_submission
from workers.forecast import Forecast, forecast

#: Names one rep; says what happens if nobody claims, so that nothing is left to warn of.
_NAMED = """
baton_policy: 1
name: named
owner: ops@here.example
rules: [{name: everyone, to: rep:nils, else: [pool:all]}]
pools: {all: {overflow: [queue:exceptions]}}
queues:
  exceptions: {kind: exception, owner: o@here.example, alert: "#d", escalate_after: 30m, escalate_to: boss@here.example}
"""


@pytest.fixture
def staffed(pipeline: Pipeline) -> Pipeline:
    """A pipeline with people and no policy."""
    pipeline.sync("reps", OPS_TEAM)
    return pipeline


def _activate(pipeline: Pipeline, document: str, **options: Any) -> int:
    return activate_document(pipeline.context, document, made_by="ops", **options).version


def _in_force(pipeline: Pipeline) -> int | None:
    with transaction(pipeline.context.engine) as tx:
        version = pipeline.context.policies.active(tx)
    return None if version is None else version.number


# Check and activate ---------------------------------------------------------------------------------------------------


def test_a_policy_comes_into_force(staffed: Pipeline) -> None:
    """A sound policy is stored and in force, with who, why and who agreed on the record."""
    done = activate_document(staffed.context, _NAMED, made_by="olga", note="spring", approved_by="boss")

    (row,) = staffed.rows("SELECT version, requested_by, approved_by, note, overridden FROM policy_activation")
    assert (done.version, done.name, done.is_new, done.overridden) == (1, "named", True, ())
    assert row == {
        "version": 1,
        "requested_by": "olga",
        "approved_by": "boss",
        "note": "spring",
        "overridden": [],
    }
    assert _in_force(staffed) == 1


def test_the_same_policy_again_changes_nothing(staffed: Pipeline) -> None:
    """The same text is the same version, and no second activation is written."""
    first = _activate(staffed, _NAMED)

    again = activate_document(staffed.context, _NAMED, made_by="ops")

    assert (again.version, again.is_new) == (first, False)
    assert staffed.value("SELECT count(*) FROM policy_activation") == 1


@pytest.mark.parametrize("rep_id", ["nils", "zoe"])
def test_a_policy_that_names_somebody_who_is_gone_is_refused(staffed: Pipeline, rep_id: str) -> None:
    """A departed and an unknown rep are errors that no override takes away."""
    staffed.sync("reps", [{**OPS_TEAM[0], "status": "departed"}])

    with pytest.raises(PolicyError, match=rep_id):
        _activate(staffed, _NAMED.replace("rep:nils", f"rep:{rep_id}"), override=True)

    assert staffed.rows("SELECT * FROM policy_version") == []


def test_warnings_need_a_yes_and_go_on_the_record(staffed: Pipeline) -> None:
    """A policy with warnings is refused; with the yes they are on record, with who asked, who agreed and why."""
    with pytest.raises(RefusedError, match="--yes") as refused:
        _activate(staffed, OPS_POLICY)
    done = activate_document(
        staffed.context, OPS_POLICY, made_by="ops", override=True, approved_by="boss", note="the order is meant"
    )

    recorded = staffed.value("SELECT overridden FROM policy_activation")
    who_and_why = staffed.value("SELECT concat_ws(', ', requested_by, approved_by, note) FROM policy_activation")
    assert who_and_why == "ops, boss, the order is meant"
    assert all(one.message in str(refused.value) for one in done.overridden)
    assert [one["code"] for one in recorded] == [one.code for one in done.overridden]
    assert done.overridden


def test_a_policy_can_come_into_force_later(staffed: Pipeline) -> None:
    """Until its instant the former version decides; an instant that is past is refused."""
    first = _activate(staffed, _NAMED)
    later = datetime.now(UTC) + timedelta(hours=1)

    second = _activate(staffed, _NAMED.replace("name: named", "name: later"), at=later)

    assert _in_force(staffed) == first
    staffed.pass_time(3601)
    assert _in_force(staffed) == second
    with pytest.raises(RefusedError, match="past"):
        _activate(staffed, _NAMED, at=later - timedelta(days=1))


def test_an_earlier_version_is_put_back(staffed: Pipeline) -> None:
    """A rollback puts the former version into force; what has become wrong with it needs a yes."""
    first = _activate(staffed, _NAMED)
    second = _activate(staffed, _NAMED.replace("rep:nils", "rep:nora"))
    staffed.sync("reps", [{**OPS_TEAM[0], "status": "departed"}])

    with pytest.raises(RefusedError, match="nils"):
        roll_back(staffed.context, first, made_by="ops")
    assert _in_force(staffed) == second
    done = roll_back(staffed.context, first, made_by="ops", override=True)

    assert (_in_force(staffed), [one.code for one in done.overridden]) == (first, ["rep.departed"])
    with pytest.raises(RefusedError, match="no policy version 99"):
        roll_back(staffed.context, 99, made_by="ops")


def test_a_check_finds_what_is_wrong_with_its_line() -> None:
    """A misspelt key is an error at its line, whether the document can be read or not."""
    (broken,) = check_document(OPEN_POLICY.replace("owner:", "ownr:", 1), None)
    findings = check_document(OPEN_POLICY.replace("to: pool:all", "to: pool:al"), None)

    assert (broken.severity, broken.line) == (Severity.ERROR, 4)
    assert any(one.severity is Severity.ERROR and "al" in one.message for one in findings)


def test_the_roster_is_used_where_a_database_answers(staffed: Pipeline, empty_database_url: str) -> None:
    """Reps are read from a migrated database, and from no other: none, an empty one, one that is away."""
    url = staffed.context.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    redis_url = "redis://127.0.0.1:1/0"

    found = roster_if_reachable(Settings(database_url=url, redis_url=redis_url))
    empty = roster_if_reachable(Settings(database_url=empty_database_url, redis_url=redis_url))
    away = roster_if_reachable(Settings(database_url="postgresql://nobody@127.0.0.1:1/none", redis_url=redis_url))

    assert found is not None
    assert set(found) == {"nils", "nora", "sara", "sven"}
    assert (empty, away) == (None, None)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Any) -> None:
    """A missing file and one in another encoding are said in a sentence."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: Müller".encode("latin-1"))

    with pytest.raises(InputFileError, match=r"nowhere\.yaml cannot be read"):
        read_document(str(tmp_path / "nowhere.yaml"))
    with pytest.raises(InputFileError, match="UTF-8"):
        read_document(str(latin))


def test_fallbacks_name_every_rule_and_the_last_place() -> None:
    """R084: each rule is listed with every place its leads can go to, and so are the other ways out."""
    rows = {one["when"]: one for one in fallbacks_of(Version(1, compile_policy(parse_policy(OPS_POLICY))))}

    assert rows["rule anvils"] == {
        "when": "rule anvils",
        "first": "pool:anvils",
        "then": "pool:large",
        "last": "queue:exceptions",
    }
    assert rows["not qualified"]["first"] == "nurture:long_term"
    assert rows["recycled: not_icp"]["first"] == "suppress"


# Explain --------------------------------------------------------------------------------------------------------------


def _forecast(pipeline: Pipeline, data: Mapping[str, Any], document: str | None = None) -> Forecast:
    with transaction(pipeline.context.engine) as tx:
        tx.run("SET TRANSACTION READ ONLY")
        version = (
            Version(0, compile_policy(parse_policy(document)))
            if document
            else active_policy(tx, pipeline.context.policies)
        )
        return forecast(pipeline.context, tx, version, data)


_DATA: Mapping[str, Any] = {
    "email": "zoe@acme.example",
    "company": "Acme",
    "country": "Norge",
    "employees": "200-500",
    "lead_type": "demo_request",
}


def test_a_forecast_comes_true(staffed: Pipeline) -> None:
    """Where a lead would go is where the same lead then goes, with the same rule and clock; nothing was written."""
    staffed.activate(OPS_POLICY)
    staffed.route(lead_event(country="GB", employees=200))
    counts = staffed.rows("SELECT (SELECT count(*) FROM lead) leads, (SELECT count(*) FROM decision) decisions")

    found = _forecast(staffed, _DATA)
    after = staffed.rows("SELECT (SELECT count(*) FROM lead) leads, (SELECT count(*) FROM decision) decisions")
    (lead_id,) = staffed.route(lead_event(**_DATA))

    lead = staffed.lead(lead_id)
    steps = staffed.ids("SELECT action FROM deadline WHERE lead_id = :id ORDER BY step", id=lead_id)
    assert (found.status, found.owner, found.explanation.rule) == (lead["status"], lead["owner"], lead["rule"])
    assert [one.action for one in found.clock] == steps
    assert [(one.rep_id, one.chosen) for one in found.colleagues] == [("nora", True), ("nils", False)]
    assert counts == after


@pytest.mark.parametrize(
    ("data", "status", "place"),
    [
        ({"country": "Atlantis"}, "held", "exceptions"),
        ({"lead_type": "newsletter"}, "nurturing", "long_term"),
        ({"lead_type": "support_request"}, "diverted", "support"),
        ({"product": "the anvil"}, "offered", "nils"),
        ({"employees": 5000}, "offered", "sara"),
    ],
)
def test_a_forecast_knows_every_way(staffed: Pipeline, data: Mapping[str, Any], status: str, place: str) -> None:
    """Held with its reason, nurtured, diverted or offered: the sentence says which and where."""
    staffed.activate(OPS_POLICY)

    found = _forecast(staffed, {**_DATA, **data})

    assert found.status == status
    assert place in destination(found)


def test_a_forecast_names_account_owner_and_deal(staffed: Pipeline) -> None:
    """The account is matched and the owner of its open deal is next, as the tables stand."""
    staffed.activate(OPS_POLICY)
    staffed.sync("accounts", [{"account_id": "acme", "name": "Acme", "domain": "acme.example", "status": "customer"}])
    staffed.sync(
        "opportunities",
        [{"opportunity_id": "o1", "account_id": "acme", "is_open": "true", "owner_rep_id": "sven"}],
    )

    found = _forecast(staffed, _DATA)

    assert (found.account_id, found.owner, found.explanation.rule) == ("acme", "sven", "open-deal")
    assert "account acme by domain" in found.matching


def test_a_forecast_knows_the_person(staffed: Pipeline) -> None:
    """Of a person who has a living lead it is said that the lead would join it, and what would be without it."""
    staffed.activate(OPS_POLICY)
    (first,) = staffed.route(lead_event(**_DATA))

    found = _forecast(staffed, {**_DATA, "email": "Zoe+x@acme.example"})

    assert found.joins == first
    assert destination(found).startswith(f"The lead would join lead {first}, the same person.")


def test_a_file_can_be_asked_before_it_is_in_force(staffed: Pipeline) -> None:
    """A policy that was never stored says where a lead would go, with the people as they stand."""
    found = _forecast(staffed, _DATA, _NAMED)

    assert (found.policy_version, found.owner, found.pool) == (0, "nils", None)
    assert staffed.rows("SELECT * FROM policy_version") == []


@pytest.mark.parametrize("name", ["territories", "tangled", "trader"])
def test_what_the_check_shows_can_be_explained(staffed: Pipeline, name: str) -> None:
    """A lead that a finding shows, submitted as it stands, goes to the very rule that the finding names."""
    document = SOUND[name]
    shown = [one for one in check_document(document, None) if one.example is not None and not one.beside]

    found = [_forecast(staffed, read_submission(orjson.dumps(one.example).decode()), document) for one in shown]

    assert shown
    assert [one.explanation.rule for one in found] == ["rest"] * len(shown)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("{", InputFileError, "not JSON"),
        ("[]", InputFileError, "not a JSON object"),
        ('{"company": "Acme"}', RefusedError, "quarantine: neither a valid email nor a valid phone"),
        (
            '{"id": "1", "source": "s", "type": "feature.shipped", "data": {"feature": "x"}}',
            InputFileError,
            "is no lead",
        ),
    ],
)
def test_what_is_no_lead_is_not_asked_about(text: str, error: type[Exception], says: str) -> None:
    """A lead that intake would not take is refused with intake's own reason."""
    with pytest.raises(error, match=says):
        read_submission(text)


def test_a_whole_event_and_its_data_are_the_same_lead() -> None:
    """The lead file is an event, or its data alone."""
    event = '{"id": "1", "source": "s", "type": "lead.submitted", "data": {"email": "a@b.example"}}'

    assert read_submission(event) == read_submission('{"email": "a@b.example"}') == {"email": "a@b.example"}

"""The doctor: what it says of a well system, and of each thing that is wrong."""

import json
from urllib.parse import urlsplit

import pytest
import redis

from shared.errors import UnavailableError
from shared.local.servers import Servers
from shared.settings import Settings
from tests.fixtures.commands import Baton, document_of
from workers.cli import main
from workers.doctor import Finding, Patient, examine


def test_a_system_without_a_policy_is_well_and_gets_a_hint(database_url: str, redis_url: str) -> None:
    """Leads wait and nothing is lost, so this is something to know and nothing that is broken."""
    findings = examine(Settings(database_url=database_url, redis_url=redis_url))

    assert {name: finding.severity for name, finding in findings.items() if finding.severity != "well"} == {
        "policy": "hint",
        "redis": "hint",
    }
    assert findings["policy"].mend == "run `baton policy activate FILE`"
    assert "appendonly" in findings["redis"].mend


def test_an_empty_database_is_sent_to_migrate(empty_database_url: str, redis_url: str) -> None:
    """The schema is named with what it is and what it should be."""
    findings = examine(Settings(database_url=empty_database_url, redis_url=redis_url))

    assert findings["schema"].severity == "wrong"
    assert "at nothing, this release needs" in findings["schema"].text
    assert findings["schema"].mend == findings["policy"].mend == "run `baton migrate`"


def test_what_waits_is_counted(database_url: str, redis_url: str) -> None:
    """Queues and the stream are counted by name."""
    with redis.Redis.from_url(redis_url) as client:
        client.lpush("enrichment", "a", "b")
        client.xadd("baton:events", {"event": "{}"})

    findings = examine(Settings(database_url=database_url, redis_url=redis_url))

    assert findings["queues"].text == "messages waiting: enrichment 2; events in the stream: 1"


def test_a_redis_that_forgets_is_wrong(database_url: str, servers: Servers) -> None:
    """Under memory pressure it would throw away queues."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            finding = examine(Settings(database_url=database_url, redis_url=servers.redis_url))["redis"]
        finally:
            client.config_set("maxmemory-policy", "noeviction")

    assert finding.severity == "wrong"
    assert "set maxmemory-policy to noeviction" in finding.mend


def test_a_check_behind_a_dead_server_is_not_asked(redis_url: str) -> None:
    """One sentence about a server is enough."""

    def away(_patient: Patient) -> Finding:
        message = "it is away; switch it on"
        raise UnavailableError(message)

    def fine(_patient: Patient) -> Finding:
        return Finding("well", "fine")

    findings = examine(Settings(redis_url=redis_url), [{"first": away, "second": fine}, {"third": fine}])

    assert findings == {
        "first": Finding("wrong", "it is away", "switch it on"),
        "third": Finding("well", "fine"),
    }


def test_the_answer_for_programs_holds_no_secret(baton: Baton, database_url: str) -> None:
    """One JSON document with every check and every setting, passwords masked."""
    document = document_of(baton("doctor", "--json"))

    assert document["well"] is True
    assert {setting["name"] for setting in document["settings"]} >= {"BATON_HOME", "BATON_DATABASE_URL"}
    assert f":{urlsplit(database_url).password}@" not in json.dumps(document)


def test_settings_that_cannot_be_read_are_the_only_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without settings nobody knows where to look."""
    monkeypatch.setenv("BATON_BATCHSIZE", "5")

    code = main(["doctor"])

    assert code == 1
    assert "did you mean BATON_BATCH_SIZE?" in capsys.readouterr().out

"""Which account a lead belongs to, whose open deal it touches, and that it never falls into a void."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fixtures.pipeline import Pipeline, lead_event, rep

_POLICY = """
name: accounts
owner: ops@here.example
buffer: {default: {minimum: 0s, maximum: 60s}}
rules:
  - {name: deal, when: {has_open_opportunity: true}, to: owner:opportunity,
     else: [team:account_owner, queue:exceptions]}
  - {name: customer, when: {account_status: customer}, to: owner:account, else: [team:account_owner, queue:exceptions]}
  - {name: everyone, to: pool:newcomers}
pools: {newcomers: {members: {team: New}}}
queues: {exceptions: {kind: exception, owner: ops@here.example, alert: "#exceptions"}}
"""
_REPS = (
    rep("ana", team="East"),
    rep("bo", team="East"),
    rep("cy", team="East", status="departed"),
    rep("dee", team="West"),
    rep("new", team="New"),
)


@pytest.fixture
def sales(pipeline: Pipeline) -> Pipeline:
    """A pipeline with two teams that own accounts and one that takes newcomers."""
    pipeline.activate(_POLICY)
    pipeline.sync("reps", _REPS)
    return pipeline


def _account(pipeline: Pipeline, lead_id: int) -> dict[str, Any]:
    """Return what deduplication recorded of a lead's account."""
    record: dict[str, Any] = pipeline.last_decision(lead_id, "deduplication")["account"]
    return record


def _deal(account_id: str, owner: str, **columns: Any) -> dict[str, Any]:
    return {"opportunity_id": f"{account_id}-{owner}", "account_id": account_id, "owner_rep_id": owner, **columns}


def _days(number: int) -> str:
    return (datetime.now(UTC) + timedelta(days=number)).isoformat()


def test_an_account_is_found_by_its_domain(sales: Pipeline) -> None:
    """Mail below the domain and the website count; the record says by what."""
    sales.sync("accounts", [{"account_id": "acme", "name": "Something Else", "domain": "https://www.acme.example"}])

    leads = sales.route(
        lead_event(email="a@mail.acme.example", company="Acme"),
        lead_event(email="b@gmail.com", website="http://acme.example/jobs"),
        lead_event(email="c@other.example", company="Other"),
    )

    assert [sales.lead(one)["account_id"] for one in leads] == ["acme", "acme", None]
    assert [(_account(sales, one)["by"], _account(sales, one)["score"]) for one in leads[:2]] == [("domain", 1.0)] * 2


def test_public_mail_is_no_company(sales: Pipeline) -> None:
    """An account that carries a free-mail or disposable domain attracts nobody by it."""
    sales.sync(
        "accounts",
        [
            {"account_id": "free", "name": "Gmail Users", "domain": "gmail.com"},
            {"account_id": "gone", "name": "Mailinator Users", "domain": "mailinator.com"},
        ],
    )

    leads = sales.route(
        *[lead_event(email=f"a@{domain}", company="Isdom") for domain in ("gmail.com", "mailinator.com")]
    )

    assert [sales.lead(one)["account_id"] for one in leads] == [None, None]


@pytest.mark.parametrize(
    ("company", "found"),
    [
        ("Knwon Industries", True),
        ("KNOWN INDUSTRIES, Inc.", True),
        ("Known Industry", False),
        ("Unknown Industries", False),
        ("Industries", False),
    ],
)
def test_an_account_is_found_by_a_like_name(sales: Pipeline, company: str, found: bool) -> None:
    """Slips of the keyboard and legal forms are the same name; another word is another company."""
    sales.sync("accounts", [{"account_id": "known", "name": "Known Industries", "owner_rep_id": "ana"}])

    (lead_id,) = sales.route(lead_event(email="a@gmail.com", company=company))

    record = _account(sales, lead_id)
    assert sales.lead(lead_id)["account_id"] == ("known" if found else None)
    assert (record["by"], record["score"] >= 0.92) == (("name", True) if found else (None, False))


def test_accounts_that_are_new_or_renamed_are_known_at_once(sales: Pipeline) -> None:
    """The names that a process keeps follow the table."""
    events = [lead_event(email=f"{number}@gmail.com", company="Zinc Works") for number in range(3)]
    (before,) = sales.route(events[0])
    sales.sync("accounts", [{"account_id": "zinc", "name": "Zinc Works"}])
    (after,) = sales.route(events[1])
    sales.sync("accounts", [{"account_id": "zinc", "name": "Copper Works"}])
    (renamed,) = sales.route(events[2])

    assert [sales.lead(one)["account_id"] for one in (before, after, renamed)] == [None, "zinc", None]


@pytest.mark.parametrize("tie", ["open_opportunity", "customer", "owner_active", "oldest"])
def test_ties_are_broken_in_the_policys_order(sales: Pipeline, tie: str) -> None:
    """Of equal accounts an open deal wins, then the customer, then an active owner, then the oldest."""
    ladder = ["open_opportunity", "customer", "owner_active", "oldest"]
    better = ladder[ladder.index(tie) :]
    sales.sync(
        "accounts",
        [
            {
                "account_id": "z-winner",
                "name": "Twin",
                "status": "customer" if tie == "customer" else "prospect",
                "owner_rep_id": "ana" if tie == "owner_active" else "cy",
            }
        ],
    )
    loser = {"account_id": "a-loser", "name": "Twin", "owner_rep_id": "cy"}
    if tie != "oldest":
        # Worse in what decides here, better in all that comes after.
        loser |= {"status": "customer"} if "customer" in better[1:] else {}
        loser |= {"owner_rep_id": "ana"} if "owner_active" in better[1:] else {}
        sales.rows("UPDATE account SET created_at = created_at + interval '1 day'")
    sales.sync("accounts", [loser])
    if tie == "open_opportunity":
        sales.sync("opportunities", [_deal("z-winner", "dee")])

    (lead_id,) = sales.route(lead_event(email="a@gmail.com", company="Twin"))

    record = _account(sales, lead_id)
    assert (record["id"], record["tie_break"]) == ("z-winner", tie)
    assert [one["id"] for one in record["considered"]] == ["z-winner", "a-loser"]


def test_an_open_deal_goes_to_its_owner(sales: Pipeline) -> None:
    """The newest open one counts: by its opening, blanks last, then by id; no pool is asked or debited."""
    sales.sync("accounts", [{"account_id": "acme", "name": "Acme", "domain": "acme.example", "owner_rep_id": "dee"}])
    sales.sync(
        "opportunities",
        [
            _deal("acme", "ana", opened_at="2026-03-01"),
            _deal("acme", "bo", opened_at="2026-05-01"),
            _deal("acme", "dee", opened_at="2026-09-01", is_open="false"),
            _deal("acme", "new"),
        ],
    )

    (lead_id,) = sales.route(lead_event(email="a@acme.example"))

    lead = sales.lead(lead_id)
    assert (lead["owner"], lead["rule"]) == ("bo", "deal")
    assert sales.rows("SELECT reason, pool FROM assignment") == [{"reason": "open_opportunity", "pool": None}]
    assert sales.rows("SELECT * FROM pool_ledger") == []


@pytest.mark.parametrize("trouble", ["away", "stops_before", "departed", "blank", "unheard_of"])
@pytest.mark.parametrize("kind", ["open_opportunity", "account_owner"])
def test_an_owner_who_cannot_take_it_has_a_team(sales: Pipeline, trouble: str, kind: str) -> None:
    """Whoever is away, gone or unknown: the account's team takes the lead, least loaded first, and nobody departed."""
    owner = {"departed": "cy", "blank": "", "unheard_of": "nobody"}.get(trouble, "bo")
    deal = kind == "open_opportunity"
    account = {
        "account_id": "acme",
        "name": "Acme",
        "domain": "acme.example",
        "status": "prospect" if deal else "customer",
    }
    # The team is that of the account's owner; a deal's owner is somebody else's matter.
    sales.sync("accounts", [account | {"owner_rep_id": "bo" if deal else owner}])
    if deal:
        sales.sync("opportunities", [_deal("acme", owner)])
    if trouble in {"away", "stops_before"}:
        start = {"away": -1, "stops_before": 1}[trouble]
        stop = {"stop_before": "2d"} if trouble == "stops_before" else {}
        sales.sync("absences", [{"rep_id": "bo", "from": _days(start), "until": _days(9), **stop}])

    (lead_id,) = sales.route(lead_event(email="a@acme.example"))

    lead = sales.lead(lead_id)
    tried = sales.last_decision(lead_id, "assignment")["tried"]
    has_team = deal or trouble not in {"blank", "unheard_of"}
    if has_team:
        mates = {"ana", "bo"} if trouble in {"departed", "blank", "unheard_of"} else {"ana"}
        assert (lead["status"], lead["owner"] in mates) == ("offered", True)
        assert tried[-1] == {"target": "team:account_owner", "result": "taken", "rep": lead["owner"]}
    else:
        assert (lead["status"], lead["owner"], lead["hold_reason"]) == ("held", "exceptions", "no_one_available")
    expected = {"away": "away", "stops_before": "away", "departed": "departed", "blank": "no_owner"}
    assert tried[0]["result"] == expected.get(trouble, "unknown_rep")
    assert sales.breaches() == []


def test_an_unknown_team_ends_with_a_person_who_is_told(sales: Pipeline) -> None:
    """With neither owner nor team the lead is in the exception queue, visibly, and nowhere else."""
    sales.sync("accounts", [{"account_id": "acme", "name": "Acme", "domain": "acme.example"}])
    sales.sync("opportunities", [_deal("acme", "nobody")])

    (lead_id,) = sales.route(lead_event(email="a@acme.example"))

    assert sales.lead(lead_id)["owner"] == "exceptions"
    assert sales.rows("SELECT kind, recipient, lead_ids FROM report.notification") == [
        {"kind": "exception", "recipient": "#exceptions", "lead_ids": [lead_id]}
    ]


def test_a_team_shares_by_load_within_a_batch(sales: Pipeline) -> None:
    """Leads of one account whose owner has left are spread over the team, also within one batch."""
    sales.sync("accounts", [{"account_id": "acme", "name": "Acme", "domain": "acme.example", "owner_rep_id": "cy"}])
    sales.sync("opportunities", [_deal("acme", "cy")])

    sales.route(*[lead_event(email=f"p{number}@acme.example") for number in range(6)])

    assert sales.rows("SELECT rep_id, open_leads FROM rep_load WHERE open_leads > 0 ORDER BY rep_id") == [
        {"rep_id": "ana", "open_leads": 3},
        {"rep_id": "bo", "open_leads": 3},
    ]

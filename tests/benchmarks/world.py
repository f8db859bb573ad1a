"""The company of the benchmark: who sells, whom it knows, and the leads that come; invented, always the same."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from shared.db import policies
from shared.db.engine import open_engine
from shared.db.policies import PolicyShelf
from shared.db.transaction import transaction
from shared.settings import Settings
from workers.intake.policy.records import KINDS, read_record
from workers.intake.reference import apply_records

#: A mid-sized sales force and the accounts it has looked at.
REPS = 100
ACCOUNTS = 2_000
#: Of a hundred accounts so many have an open opportunity, so many are customers.
_OPEN_SHARE = 30
_CUSTOMER_SHARE = 10
#: Of a hundred leads so many work for an account, so many write from a private address, so many have written before.
_KNOWN_SHARE = 30
_PRIVATE_SHARE = 5
_AGAIN_SHARE = 3

POLICY = Path(__file__).with_name("policy.yaml")
_TEAMS = ("West", "Central", "East", "Field")
#: Country, state, and the beginning of a telephone number there.
_PLACES = (
    *(("US", state, "+1 415 2") for state in ("CA", "Texas", "NY", "Ohio", "FL", "Washington", "IL")),
    ("United States", "CO", "(415) 2"),
    ("United Kingdom", None, "+44 20 79"),
    ("Deutschland", None, "030 22"),
)
_EMPLOYEES = ("1-10", "50", "120", "200-500", "c.250", "3,000", "1000-5000", 75, 640, 12_000)
_INDUSTRIES = ("software", "retail", "Financial Services", "medical", "manufacturing", "Telecom")
_FIRST_NAMES = ("Ana", "Bo", "Chidi", "Dana", "Elif", "Finn", "Grace", "Hugo", "Ines", "Jo")
_LAST_NAMES = ("Lima", "Okafor", "Schmidt", "Nguyen", "Rossi", "Kowalski", "Haddad", "Larsen", "Silva", "Moreau")


def seed(settings: Settings) -> None:
    """Load the reps, accounts and opportunities, and put the benchmark's policy into force."""
    engine = open_engine(settings.database_url or "")
    now = datetime.now(UTC)
    try:
        with transaction(engine) as tx:
            version = policies.store(tx, POLICY.read_text(encoding="utf-8"), name="benchmark", by="benchmark")
            policies.activate(tx, version, by="benchmark")
            for kind, rows in (("reps", _reps()), ("accounts", _accounts()), ("opportunities", _opportunities())):
                records = [(read_record(KINDS[kind], row), now) for row in rows]
                apply_records(tx, PolicyShelf(), KINDS[kind], records)
    finally:
        engine.dispose()


def _reps() -> list[dict[str, str]]:
    return [
        {
            "rep_id": f"rep-{number}",
            "name": f"Rep {number}",
            "status": "active",
            "team": _TEAMS[number % len(_TEAMS)],
            "seniority": "senior" if number % 3 else "regular",
            "segments": "enterprise|mid_market" if number % 2 else "smb",
            "skills": "server" if number % 5 == 0 else "",
            "weight": str(1 + number % 2),
        }
        for number in range(REPS)
    ]


def _accounts() -> list[dict[str, str]]:
    return [
        {
            "account_id": f"account-{number}",
            "name": f"{_account_name(number)} Inc.",
            "domain": _account_domain(number),
            "country": "US",
            "employees": str(20 + number * 3),
            "industry": _INDUSTRIES[number % len(_INDUSTRIES)],
            "status": "customer" if number % 100 >= 100 - _CUSTOMER_SHARE else "prospect",
            "owner_rep_id": f"rep-{number % REPS}",
        }
        for number in range(ACCOUNTS)
    ]


def _opportunities() -> list[dict[str, str]]:
    return [
        {
            "opportunity_id": f"deal-{number}",
            "account_id": f"account-{number}",
            "owner_rep_id": f"rep-{(number * 7) % REPS}",
            "is_open": "true",
            "opened_at": "2026-01-01T00:00:00Z",
        }
        for number in range(ACCOUNTS)
        if number % 100 < _OPEN_SHARE
    ]


def _account_name(number: int) -> str:
    # Letters only, and none alike: the likeness of names is part of the work.
    return "".join(chr(ord("a") + int(digit) * 2) for digit in f"{number * 7919 % 1_000_000:06}").capitalize()


def _account_domain(number: int) -> str:
    return f"{_account_name(number).lower()}.example"


def lead_events(count: int, *, first: int = 0) -> Iterator[bytes]:
    """Yield `lead.submitted` events as JSON, numbered from `first` on."""
    for number in range(first, first + count):
        yield orjson.dumps(
            {
                "specversion": "1.0",
                "id": f"b-{number}",
                "source": "/forms/benchmark",
                "type": "lead.submitted",
                "time": "2026-11-21T09:12:00Z",
                "data": _data(number, random.Random(number)),
            }
        )


def _data(number: int, dice: random.Random) -> dict[str, Any]:
    person = dice.randrange(number) if number and dice.randrange(100) < _AGAIN_SHARE else number
    company, domain = _company(person)
    # The person decides where the mail comes from, so that who writes again is known again.
    private = person % 100 < _PRIVATE_SHARE
    country, state, phone = _PLACES[person % len(_PLACES)]
    first_name, last_name = dice.choice(_FIRST_NAMES), _LAST_NAMES[person % len(_LAST_NAMES)]
    return {
        "email": f"{first_name.lower()}.{person}@{'gmail.com' if private else domain}" if number == person else None,
        "first_name": first_name,
        "last_name": f"{last_name}{person}",
        "phone": f"{phone}{person % 1_000_000:06d}",
        "job_title": "COO",
        "company": company,
        "website": f"https://www.{domain}",
        "country": country,
        "state": state,
        "employees": dice.choice(_EMPLOYEES),
        "industry": dice.choice(_INDUSTRIES),
        "product": dice.choice(("Basic", "Plus", "Professional", "Pro", "Server")),
        "lead_type": dice.choice(("demo_request", "contact_sales", "partner_referral", "content_download")),
        "channel": "form",
        "original_source": dice.choice(("paid_search", "organic", "partner")),
        "campaign": "q4-brand",
        "landing_page": "/demo",
        "form": "demo-v3",
        "declared_need": "replace spreadsheets",
        "hand_raise": dice.randrange(2) == 0,
        "attributes": {"persona": dice.choice(("CFO", "it", "nobody"))},
    }


def _company(person: int) -> tuple[str, str]:
    """Return the company a person works for, and its domain."""
    if person * 7919 % 100 < _KNOWN_SHARE:
        account = person % ACCOUNTS
        return f"{_account_name(account)} Inc.", _account_domain(account)
    return f"Newcomer {person} Ltd", f"newcomer{person}.example"

"""What the CRM of the demonstration knows: accounts, open opportunities, and who is away."""

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from workers.demo.companies import Company

DATA = Path(__file__).parent / "data"
#: Enough that a quarter of the leads comes from companies that are known already.
ACCOUNTS = 60
AWAY, COVER = "karin-vogt", "piet-jansen"

_TEAM_OF_COUNTRY = MappingProxyType({"US": "Americas", "CA": "Americas", "JP": "APAC", "AU": "APAC", "CN": "APAC"})
_STATUSES = ("customer", "customer", "prospect", "prospect", "former")
_STAGES = ("discovery", "proposal", "negotiation")

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Crm:
    """The files of the CRM as rows, by the name of the file."""

    reps: Sequence[Row]
    absences: Sequence[Row]
    accounts: Sequence[Row]
    opportunities: Sequence[Row]

    def write(self, folder: Path) -> dict[str, Path]:
        """Write each kind as the CSV file that `baton sync` reads, and return the files by kind."""
        tables = {
            "reps": self.reps,
            "absences": self.absences,
            "accounts": self.accounts,
            "opportunities": self.opportunities,
        }
        return {kind: _write(folder / f"{kind}.csv", rows) for kind, rows in tables.items()}


def make_crm(rng: random.Random, companies: Sequence[Company], now: datetime) -> Crm:
    """Return the CRM as it stands at the instant."""
    with (DATA / "reps.csv").open(encoding="utf-8", newline="") as file:
        reps = list(csv.DictReader(file))
    known = [company for company in companies if company.country]
    accounts = [_account(rng, number, company, reps) for number, company in enumerate(rng.sample(known, ACCOUNTS), 1)]
    opportunities = [
        _opportunity(rng, f"{account['account_id']}-{place}", account, reps, now)
        for account in accounts[::2]
        for place in range(1, rng.choice((2, 2, 2, 3)))
    ]
    absence = {
        "rep_id": AWAY,
        "from": (now - timedelta(days=1)).isoformat(),
        "until": (now + timedelta(days=3)).isoformat(),
        "cover_rep_id": COVER,
        "stop_before": "2h",
    }
    return Crm(reps, [absence], accounts, opportunities)


def _account(rng: random.Random, number: int, company: Company, reps: Sequence[Mapping[str, str]]) -> dict[str, object]:
    team = _TEAM_OF_COUNTRY.get(company.country or "", "EMEA")
    owner = rng.choice([rep["rep_id"] for rep in reps if rep["team"] == team])
    status = _STATUSES[number % len(_STATUSES)]
    return {
        "account_id": f"A{number:03}",
        "name": company.name,
        "domain": company.domain,
        "country": company.country,
        "status": status,
        "owner_rep_id": owner,
        "named": "true" if status == "prospect" and number % 3 == 0 else "false",
    }


def _opportunity(
    rng: random.Random, name: str, account: Row, reps: Sequence[Mapping[str, str]], now: datetime
) -> dict[str, object]:
    owner = next(rep for rep in reps if rep["rep_id"] == account["owner_rep_id"])
    mates = [rep["rep_id"] for rep in reps if rep["team"] == owner["team"]]
    opened = now - timedelta(days=rng.randint(3, 90))
    is_open = rng.random() < 0.8
    return {
        "opportunity_id": f"O-{name}",
        "account_id": account["account_id"],
        "name": f"Halyard for {account['name']}",
        "stage": rng.choice(_STAGES) if is_open else "closed",
        "is_open": str(is_open).lower(),
        "owner_rep_id": rng.choice([owner["rep_id"], owner["rep_id"], *mates]),
        "amount": rng.randint(8, 240) * 500,
        "opened_at": opened.date().isoformat(),
        "closed_at": None if is_open else (opened + timedelta(days=2)).date().isoformat(),
    }


def _write(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path

"""What a rehearsal costs: the leads of the run decided again under the policy that decided them, and under a draft."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.db.engine import open_engine
from shared.db.policies import PolicyShelf, Version
from shared.db.transaction import transaction
from shared.policy.compile import compile_policy
from shared.policy.parse import parse_policy
from tests.benchmarks.place import Place
from workers.assignment.backtest import Listeners, backtest
from workers.assignment.history import Period, open_history
from workers.assignment.policy.expectation import read_expectations

_POLICY = Path(__file__).with_name("policy.yaml")
#: Leads from overseas go East: what comes to three pools, and so all the turns in them, is another.
_CHANGED = ("{region: overseas}, to: pool:central", "{region: overseas}, to: pool:east")


def run_rehearsal(place: Place) -> dict[str, Any]:
    """Rehearse both policies on all leads there are; return seconds, CPU, and how many leads differ."""
    text = _POLICY.read_text(encoding="utf-8")
    return {"unchanged": _rehearse(place, text), "changed": _rehearse(place, text.replace(*_CHANGED))}


def _rehearse(place: Place, text: str) -> dict[str, Any]:
    engine = open_engine(place.database_url)
    draft = Version(0, compile_policy(parse_policy(text)))
    wall, cpu = time.monotonic(), time.process_time()
    try:
        with transaction(engine) as tx:
            period = Period(tx.started_at - timedelta(days=1), tx.started_at)
            history = open_history(tx, PolicyShelf(), draft, period)
            listeners = Listeners(lambda _found, _name: None, lambda _decisions: None)
            found = backtest(tx, PolicyShelf(), draft, history, read_expectations(()), listeners)
    finally:
        engine.dispose()
    seconds, used, leads = time.monotonic() - wall, time.process_time() - cpu, found.comparison.leads
    return {
        "leads": leads,
        "seconds": round(seconds, 2),
        "cpu_us_per_lead": round(used / max(1, leads) * 1e6),
        "differs": found.comparison.differs,
    }

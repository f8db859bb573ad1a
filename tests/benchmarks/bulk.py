"""Bulk moves: a territory of many open leads is split, beside a trickle of new ones, and put together again.

`python -m tests.benchmarks.bulk` runs this alone.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import note
from shared.settings import load_settings
from tests.benchmarks.latency import run_at_low_load
from tests.benchmarks.meter import Meter
from tests.benchmarks.pipeline import StalledError, process_ids
from tests.benchmarks.place import BULK_REDIS, Place, own_place
from tests.benchmarks.world import POLICY, seed
from tests.fixtures.pipeline import Pipeline, open_pipeline
from workers.audit.audit import run_audit
from workers.processes.system import System, running_system
from workers.reassignment.asking import ask
from workers.reassignment.control import Said, say_to_plan
from workers.reassignment.planning import make_plan
from workers.reassignment.policy.states import Word

#: The territory that is split in two, and the two.
_WEST = "  - {name: west, tier: geography, when: {region: west}, to: pool:west}"
_SPLIT = """\
  - {name: coast, tier: geography, when: {country: US, state: [CA, OR, WA]}, to: pool:coast}
  - {name: west, tier: geography, when: {region: west}, to: pool:mountain}"""
_WEST_POOL = "  west: {members: {team: West}, strategy: weighted, calendar: us_west,"
_SPLIT_POOLS = """\
  coast: {members: {team: Central}, strategy: weighted}
  mountain: {members: {team: Field}, strategy: weighted}
"""
#: Open leads of the territory, as routing would have left them: facts, custody, clock and decision.
_OPEN = """
WITH member AS (
    SELECT rep_id, row_number() OVER (ORDER BY rep_id) - 1 AS place, count(*) OVER () AS members
    FROM rep WHERE team = 'West'
), new AS (
    INSERT INTO lead (status, epoch, decisions, policy_version, rule, event_source, event_id, assigned_at, qualified_at)
    SELECT 'offered', 1, 3, 1, 'west', '/bulk', n::text, now(), now()
    FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n
    RETURNING lead_id, event_id::integer AS n
), keyed AS (
    INSERT INTO event_key (source, id, lead_id) SELECT '/bulk', n::text, lead_id FROM new
), captured AS (
    INSERT INTO event (source, id, type, data, lead_id, outcome)
    SELECT '/bulk', n::text, 'lead.submitted', '{}', lead_id, 'lead' FROM new
), tallied AS (
    INSERT INTO intake_batch (first_entry, last_entry, entries, received, leads, captured, duplicates, quarantined)
    SELECT min(lead_id), max(lead_id), array_agg(lead_id), count(*), count(*), 0, 0, 0 FROM new
), known AS (
    INSERT INTO fact_sheet (lead_id, email, domain, sheet)
    SELECT lead_id, 'p' || n || '@bulk' || n || '.example', 'bulk' || n || '.example', jsonb_build_object(
        'facts', jsonb_build_object('email', 'p' || n || '@bulk' || n || '.example', 'company', 'Bulk ' || n,
            'country', 'US', 'state', (ARRAY['CA', 'OR', 'WA', 'NV', 'AZ', 'UT'])[1 + n % 6], 'employees', 120,
            'industry', 'software', 'lead_type', 'demo_request', 'last_name', 'Name ' || n),
        'origins', '{}'::jsonb, 'bad', '{}'::jsonb)
    FROM new
), held AS (
    INSERT INTO assignment (lead_id, epoch, owner_kind, owner, reason, rule, policy_version, pool)
    SELECT lead_id, 1, 'rep', rep_id, 'rule', 'west', 1, 'west'
    FROM new JOIN member ON member.place = new.n % member.members
    RETURNING lead_id, owner
), clocked AS (
    INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version, detail)
    SELECT lead_id, 1, 'accept', step, action, date_trunc('second', now()) + make_interval(hours => due), 1, detail
    FROM new, (VALUES (1, 'flag_overdue', 8, '{"notify": "manager"}'::jsonb),
        (2, 'move_to', 10, '{"to": "queue:shark_tank"}'::jsonb)) AS rung(step, action, due, detail)
), loaded AS (
    UPDATE rep_load SET open_leads = open_leads + given.leads, assigned_total = assigned_total + given.leads
    FROM (SELECT owner, count(*) AS leads FROM held GROUP BY owner) AS given WHERE rep_load.rep_id = given.owner
)
INSERT INTO decision (lead_id, sequence, stage, outcome, rule, policy_version, detail)
SELECT lead_id, sequence, stage, outcome, rule, 1,
    CASE sequence WHEN 3 THEN jsonb_build_object('owner', owner) ELSE '{}' END
FROM held, (VALUES (1, 'enrichment', 'buffering', NULL), (2, 'deduplication', 'matched', NULL),
    (3, 'ops', 'offered', 'west')) AS made(sequence, stage, outcome, rule)
"""
_CHUNK = 20_000
#: Owner and open steps of every lead: what an undo has to give back.
_STANDING = """
SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
    SELECT concat_ws('/', lead.lead_id, lead.status, owner,
        (SELECT string_agg(concat_ws('-', ladder, step, due_at), '+' ORDER BY ladder, step) FROM deadline
         WHERE deadline.lead_id = lead.lead_id AND fired_at IS NULL AND cancelled_at IS NULL)) AS line
    FROM lead JOIN assignment ON assignment.lead_id = lead.lead_id AND ended_at IS NULL
    WHERE event_source = '/bulk') AS lines
"""
_PATIENCE_SECONDS = 600.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Split:
    """How many open leads there are, and the trickle of new ones beside the move."""

    leads: int = 200_000
    per_second: int = 20
    seconds: int = 10


def measure_bulk(place: Place, size: Split) -> dict[str, Any]:
    """Return how long a plan takes, how fast it is applied and undone, and what live routing feels of it."""
    own = Place(place.home, place.new_database("bulk"), place.redis(BULK_REDIS))
    with (
        running_system(own.settings(), before=seed, tell=note) as system,
        open_pipeline(own.database_url, own.redis_url) as pipeline,
        open_context(own.settings()) as context,
    ):
        note(f"{size.leads} open leads")
        _fill(pipeline, size.leads)
        bench = _Bench(own, system, pipeline, context, size)
        bench.trickle(first=0)
        idle = bench.trickle(first=10_000)
        before = pipeline.value(_STANDING)
        _activate(pipeline)
        note("a territory is split: the plan")
        started = time.monotonic()
        plan_id = make_plan(context, ask(context, {"policy_diff": True, "by": "bench"}).order)
        planned = time.monotonic() - started
        note("it is applied")
        alone = bench.run(plan_id, Word.APPLY)
        note("it is undone")
        undone = bench.run(plan_id, Word.UNDO)
        everything_back = before == pipeline.value(_STANDING)
        note("the same beside new leads")
        again = make_plan(context, ask(context, {"policy_diff": True, "by": "bench"}).order)
        with ThreadPoolExecutor(1) as beside:
            live = beside.submit(bench.trickle, first=20_000)
            loaded = bench.run(again, Word.APPLY)
            trickle = live.result()
        return {
            "leads": size.leads,
            "plan_seconds": round(planned, 2),
            "alone": alone,
            "undo": undone,
            "beside": loaded,
            "everything_back": everything_back,
            "breaches": [found.holds for found in run_audit(pipeline.context) if found.breaches],
            "idle_publish_to_owner_ms": idle["publish_to_owner_ms"],
            "beside_publish_to_owner_ms": trickle["publish_to_owner_ms"],
        }


@dataclass(frozen=True, slots=True)
class _Bench:
    """What a measurement needs: servers, processes, and two ways to talk to them."""

    place: Place
    system: System
    pipeline: Pipeline
    context: Context
    size: Split

    def trickle(self, first: int) -> dict[str, Any]:
        """Let new leads come at an even pace and return how long each took."""
        size = self.size
        return run_at_low_load(self.place, self.system, per_second=size.per_second, seconds=size.seconds, first=first)

    def run(self, plan_id: int, word: Word) -> dict[str, Any]:
        """Let the workers run a plan and return how fast they were."""
        meter = Meter(process_ids(self.place, self.system))
        say_to_plan(self.context, plan_id, Said(word, "bench"))
        row = self._wait(plan_id)
        usage = meter.stop()
        moved, left = (row["moved"], row["skipped"]) if word is Word.APPLY else (row["undone"], row["kept"])
        return {
            "leads": moved,
            "left": left,
            "seconds": round(usage.wall, 2),
            "leads_per_second": round(moved / usage.wall),
            "cpu_us_per_lead": {name: used for name, used in usage.per_lead(moved).items() if used >= 1},
            "foreign_cores": usage.foreign_cores,
        }

    def _wait(self, plan_id: int) -> dict[str, Any]:
        pause, give_up_at = threading.Event(), time.monotonic() + _PATIENCE_SECONDS
        while True:
            row = self.pipeline.rows("SELECT * FROM report.plan WHERE plan_id = :id", id=plan_id)[0]
            if row["state"] in {"applied", "undone"}:
                return row
            if time.monotonic() > give_up_at:
                message = f"plan {plan_id} is {row['state']} after {_PATIENCE_SECONDS:.0f} s"
                raise StalledError(message)
            pause.wait(_LOOK_SECONDS)


def _fill(pipeline: Pipeline, leads: int) -> None:
    for first in range(1, leads + 1, _CHUNK):
        pipeline.rows(_OPEN, first=first, last=min(leads, first + _CHUNK - 1))
    pipeline.rows("ANALYZE")


def _activate(pipeline: Pipeline) -> None:
    text = POLICY.read_text(encoding="utf-8")
    split = text.replace(_WEST, _SPLIT).replace(_WEST_POOL, _SPLIT_POOLS + _WEST_POOL)
    pipeline.activate(split)


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]]
    with own_place(load_settings().home.expanduser().resolve()) as here:
        json.dump(measure_bulk(here, Split(*sizes)), sys.stdout, indent=2)

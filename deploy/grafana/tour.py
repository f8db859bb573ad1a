"""`make dashboards`: runs the system under load beside a real Prometheus, and draws every dashboard."""

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import vl_convert

from deploy.grafana.draw import Answer, Spec, draw, name_of
from deploy.prometheus.run import SCRAPE_SECONDS, Prometheus, running_prometheus
from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import note
from shared.db.transaction import transaction
from shared.errors import UnavailableError
from shared.settings import load_settings
from workers.demo import queries
from workers.demo.answers import make_answers
from workers.demo.crm import DATA
from workers.demo.generate import make_scenario
from workers.demo.place import demo_place
from workers.processes.system import running_system

_ROOT = Path(__file__).parents[2]
_IMAGES = _ROOT / "docs" / "images"
#: Long enough for the demonstration's clocks: overdue after 2 minutes, the shark tank after 4.
_SECONDS = 420
_LEADS = 9000
#: When reps answer, and when a team is moved, after so many seconds.
_ANSWERS_AT = (60, 120, 180, 240, 300, 360)
_MOVE_AT = 210
_MOVES_PER_SECOND = 6
#: So many windows of Grafana's rate hold enough scrapes.
_RATE_WINDOW = f"{SCRAPE_SECONDS * 8}s"


def main() -> None:
    """Run, and draw."""
    parser = argparse.ArgumentParser(description="Draw the dashboards into docs/images.")
    parser.add_argument("--seconds", type=int, default=_SECONDS, help="how long leads come in")
    seconds = parser.parse_args().seconds
    program = shutil.which("prometheus")
    if program is None:
        message = "Prometheus is not on the PATH: install your system's package, or let .ci/run unpack it"
        raise UnavailableError(message)
    with tempfile.TemporaryDirectory(prefix="baton-tour-") as folder, demo_place(load_settings()) as place:
        scenario = make_scenario(_LEADS, datetime.now(UTC))
        files = scenario.write(Path(folder))
        with running_system(place, before=lambda _complete: _load(files), tell=note) as system:
            ports = {one.name: one.port for one in system.report().processes}
            with open_context(place) as context, running_prometheus(program, Path(folder), ports) as prometheus:
                start = time.time()
                _live(context, scenario.events, start, seconds)
                _draw_all(context, prometheus, start)


def _baton(*words: str) -> str:
    command = [sys.executable, "-m", "workers", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _load(files: dict[str, Path]) -> None:
    for kind in ("reps", "absences", "accounts", "opportunities"):
        _baton("sync", kind, str(files[kind]))
    _baton("policy", "activate", str(DATA / "policy.yaml"))


def _live(context: Context, events: Any, start: float, seconds: int) -> None:
    """Let leads come in waves, reps answer now and then, and ops move a team, for some minutes."""
    pause = threading.Event()
    answers, waves = iter([*_ANSWERS_AT, 10**9]), _waves(events, seconds)
    next_answer, moved = next(answers), False
    for second, batch in enumerate(waves):
        context.stream.publish(batch)
        if second >= next_answer:
            _answer(context, second)
            next_answer = next(answers)
        if second >= _MOVE_AT and not moved:
            moved = True
            threading.Thread(target=_move_a_team, daemon=True).start()
        note(f"{second} of {seconds} s")
        pause.wait(max(0.0, start + second + 1 - time.time()))


def _move_a_team() -> None:
    """Plan and apply a bulk move, as ops do, while leads go on coming in."""
    plan = json.loads(_baton("reassign", "plan", "--team", "EMEA", "--to", "pool", "americas", "--json"))
    _baton("reassign", "apply", str(plan["plan"]["plan_id"]), "--rate", str(_MOVES_PER_SECOND), "--yes", "--detach")


def _waves(events: Any, seconds: int) -> Iterator[list[bytes]]:
    """Yield what comes in each second: a quiet stream with a burst every minute and a half."""
    rng = random.Random(7)  # noqa: S311  not a secret
    waiting = iter(events)
    for second in range(seconds):
        number = rng.randrange(4, 12) + (60 if second % 90 in range(30, 45) else 0)
        yield [body for body, _ in zip(waiting, range(number), strict=False)]


def _answer(context: Context, second: int) -> None:
    with transaction(context.engine) as tx:
        offers = queries.load_offers(tx, 400)
    said = make_answers(offers, datetime.now(UTC))
    context.stream.publish([body.replace(b'"answer-', b'"answer-%d-' % second) for body in said])


def _draw_all(context: Context, prometheus: Prometheus, start: float) -> None:
    _IMAGES.mkdir(exist_ok=True)
    end = time.time()

    def ask(panel: Spec) -> list[Answer]:
        found = []
        for target in panel["targets"]:
            query = _filled(target["expr"], end - start)
            lines = prometheus.ask(query, end) if target["instant"] else prometheus.ask_range(query, start, end, 2)
            found += [Answer(name_of(target["legendFormat"], line), line.points) for line in lines]
        return found

    def ask_table(panel: Spec) -> list[dict[str, Any]]:
        sql = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 > now() - interval '1 hour'", panel["targets"][0]["rawSql"])
        with context.engine.connect() as connection:
            return [dict(row) for row in connection.exec_driver_sql(sql).mappings()]

    for path in sorted((_ROOT / "deploy/grafana/dashboards").glob("*.json")):
        spec = draw(json.loads(path.read_text(encoding="utf-8")), ask, ask_table)
        (_IMAGES / f"{path.stem}.png").write_bytes(vl_convert.vegalite_to_png(json.dumps(spec), scale=1))
        note(f"drawn: docs/images/{path.stem}.png")


def _filled(query: str, seconds: float) -> str:
    given = {"$__rate_interval": _RATE_WINDOW, "$__range": f"{seconds:.0f}s", "$job": ".+", "$instance": ".+"}
    for name, value in given.items():
        query = query.replace(name, value)
    return query


if __name__ == "__main__":
    main()

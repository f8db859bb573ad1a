"""Runs a real Prometheus on the loopback interface over processes of this machine, and asks it."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from shared.local.launch import free_port

#: A scrape of a busy process on a busy machine may take a second.
SCRAPE_SECONDS = 2
_ASK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """One series of an answer: its labels, and (instant, value) in the order of time."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus that runs."""

    url: str

    def ask(self, query: str, at: float | None = None) -> list[Line]:
        """Return what a query answers at an instant, now by default."""
        given = {} if at is None else {"time": str(at)}
        return [Line(one["metric"], (_point(one["value"]),)) for one in self._get("query", query=query, **given)]

    def ask_range(self, query: str, start: float, end: float, step: float) -> list[Line]:
        """Return what a query answers over a time, every `step` seconds."""
        found = self._get("query_range", query=query, start=str(start), end=str(end), step=str(step))
        return [Line(one["metric"], tuple(map(_point, one["values"]))) for one in found]

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that wait or fire now, with what they say."""
        answer = httpx.get(f"{self.url}/api/v1/alerts", timeout=_ASK_SECONDS)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["alerts"]
        return found

    def is_ready(self) -> bool:
        """Say whether it answers."""
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=1).is_success
        except httpx.TransportError:
            return False

    def _get(self, what: str, **parameters: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/api/v1/{what}", params=parameters, timeout=_ASK_SECONDS)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
        return found


def _point(pair: list[Any]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])


@contextmanager
def running_prometheus(
    program: str, folder: Path, ports: Mapping[str, int], rules: str | None = None
) -> Iterator[Prometheus]:
    """Scrape these processes, by name and port, until the block ends; what it stores goes into the folder."""
    configuration = folder / "prometheus.yml"
    if rules is not None:
        (folder / "rules.yml").write_text(rules, encoding="utf-8")
    with configuration.open("w", encoding="utf-8") as file:
        YAML().dump(_configuration(ports, has_rules=rules is not None), file)
    port = free_port()
    command = [program, f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with (folder / "prometheus.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield Prometheus(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def _configuration(ports: Mapping[str, int], *, has_rules: bool) -> dict[str, Any]:
    every = f"{SCRAPE_SECONDS}s"
    targets = [{"targets": [f"127.0.0.1:{port}"], "labels": {"process": name}} for name, port in ports.items()]
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"] if has_rules else [],
        "scrape_configs": [{"job_name": "baton", "static_configs": targets}],
    }

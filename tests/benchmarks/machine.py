"""On what it was measured: the machine, and the versions of what takes part."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.benchmarks.place import Place

_LIBRARIES = ("baton-routing", "celery", "kombu", "redis", "sqlalchemy", "psycopg", "orjson")


def describe_machine() -> dict[str, Any]:
    """Return processor, cores, memory and system."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.release()}",
        "load_at_start": [round(load, 2) for load in os.getloadavg()],
    }


def describe_versions(place: Place) -> dict[str, str]:
    """Return the versions of Python, the libraries and the servers."""
    with psycopg.connect(place.database_url) as connection, redis.Redis.from_url(place.redis_url) as client:
        about: Any = client.info("server")
        servers = {
            "postgresql": str(connection.info.parameter_status("server_version")),
            "redis_server": str(about.get("valkey_version", about["redis_version"])),
        }
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}, **servers}


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError):
        return None

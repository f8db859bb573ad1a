"""Starts a server as the right account, tied to our life, on a free port, and says why it did not come up."""

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import Signals

from shared.local.place import Account

_SHIM = Path(__file__).with_name("shim.py")
#: A log beyond this is set aside at the next start, so that two of them at most are kept.
_LOG_BYTES = 10_000_000

#: Servers see nothing of our environment: it holds secrets, and a stray PG… variable would change what they do.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

#: What servers write when they give up, and what a person can do about it.
_CAUSES = (
    ("No space left on device", "the disk is full: make room in {folder}, or set BATON_HOME to a folder with more"),
    ("Address already in use", "the port was taken by another program: start again"),
    ("could not map anonymous shared memory", "there is too little memory: stop other programs"),
    (
        "could not resize shared memory",
        "the shared memory (/dev/shm) is too small: give the container more, `docker run --shm-size=256m`",
    ),
    ("database files are incompatible", "its data were written by another version: use that one, or move {folder}"),
    ("[Pp]ermission denied", "it may not read or write its files: see that {folder} belongs to you"),
    ("Bad file format|Unexpected end of file", "its data are damaged: restore {folder}, or move it away to start anew"),
)


def free_port(preferred: int | None = None, *, range_of: int = 1) -> int:
    """Return a port of 127.0.0.1 on which nobody listens: the preferred one or one of the next, else any."""
    wishes = range(preferred, min(preferred + range_of, 65536)) if preferred else ()
    for port in [*wishes, 0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = "no port of 127.0.0.1 is free"
    raise OSError(message)


def spawn(
    command: Sequence[str | Path], account: Account | None, *, when_we_die: Signals, log: Path, stdin: str = ""
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C does not reach it; it ends with the calling thread.

    Only Linux can tie it so; elsewhere the next start or stop of the stack removes what was left.
    """
    _set_aside(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            _become(account, when_we_die, command),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_ENVIRONMENT,
            cwd="/",
            umask=0o077,
        )
    if process.stdin is not None:
        # A server that gave up at once has closed its end; its log says why.
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(stdin.encode())
    return process


def spawn_child(
    command: Sequence[str], env: Mapping[str, str], *, when_we_die: Signals, log: Path
) -> subprocess.Popen[bytes]:
    """Start a process of our own with its environment, as `spawn` does with a server."""
    _set_aside(log)
    with log.open("ab") as output:
        return subprocess.Popen(
            _become(None, when_we_die, command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(env),
        )


def run_once(command: Sequence[str | Path], account: Account | None) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as the servers' account; killing us kills it."""
    shimmed = _become(account, Signals.SIGKILL, command)
    return subprocess.run(shimmed, env=_ENVIRONMENT, cwd="/", capture_output=True, text=True, check=False)


def why(text: str, folder: Path) -> str:
    """Say in a sentence why a server gave up, from what it wrote last."""
    for pattern, sentence in _CAUSES:
        if re.search(pattern, text):
            return sentence.format(folder=folder)
    lines = [
        line for line in text.splitlines() if re.search("FATAL|PANIC|ERROR|error|rror:|# ", line)
    ] or text.splitlines()
    return lines[-1].strip() if lines else "it wrote no reason"


def tail(log: Path, since: int) -> str:
    """Return what a log has gained since it had that many bytes, 8 kB at most."""
    try:
        with log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(min(since, end), end - 8192))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _become(account: Account | None, when_we_die: Signals, command: Sequence[str | Path]) -> list[str]:
    """Put the shim before a command."""
    ids = (account.uid, account.gid) if account else (-1, -1)
    shim = [sys.executable, "-I", "-S", str(_SHIM), str(os.getpid()), str(int(when_we_die)), *map(str, ids)]
    return [*shim, *map(str, command)]


def _set_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))

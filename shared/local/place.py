"""Where the servers' data live and as whom they run.

A plain user runs the servers as himself, with everything in the home folder. PostgreSQL refuses root, so root runs
them as `nobody`; that account must reach their data, and no folder that we did not make is ever opened for it. When
the home lies below a closed folder (`/root`, say), the data live in a fresh folder of `/var/lib/baton`, and the home
remembers which. Whoever deletes such a home starts anew, but has to delete that folder too: the price of not opening
anybody's folders.
"""

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shared.errors import UnavailableError

#: Root keeps what must last here when the home is closed; the standard place for the state of a program.
_LASTING = (Path("/var/lib/baton"), Path("/var/tmp"))  # noqa: S108  mkdtemp makes a fresh folder there
_ACCOUNT = "nobody"

#: Every place of ours outside a home has this prefix and holds one of these files, which names the home.
PREFIX = "baton-"
LASTING_MARK = "lasting"
FLEETING_MARK = "fleeting"


@dataclass(frozen=True, slots=True)
class Account:
    """The account that root lends to the servers."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """Return whom the servers run as; None means as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(_ACCOUNT)
    except KeyError as error:
        message = f"PostgreSQL refuses to run as root and there is no user {_ACCOUNT}: run Baton as a plain user"
        raise UnavailableError(message) from error
    return Account(entry.pw_uid, entry.pw_gid)


def make_home(home: Path) -> None:
    """Create the home folder, closed to others but for passing through."""
    try:
        home.mkdir(parents=True, exist_ok=False)
    except FileExistsError:
        if not home.is_dir():
            message = f"{home} is a file: set BATON_HOME to a folder"
            raise UnavailableError(message) from None
    except OSError as error:
        message = f"cannot create {home}: {error.strerror}; set BATON_HOME to a folder that can be written"
        raise UnavailableError(message) from error
    else:
        home.chmod(0o711)


def choose_place(home: Path, account: Account | None, *, lasting: bool) -> Path:
    """Return the folder for the servers' data: the home itself, or where their account can reach them."""
    if account is None or is_passable(home):
        return home
    parents = _LASTING if lasting else fleeting_parents()
    for parent in parents:
        place = _fresh_folder(parent)
        if place is not None:
            (place / (LASTING_MARK if lasting else FLEETING_MARK)).write_text(str(home), encoding="utf-8")
            return place
    message = (
        f"{home} lies below a folder that is closed to other users, and so do {', '.join(map(str, parents))}: "
        "run Baton as a plain user, or set BATON_HOME to a folder that every user can pass through"
    )
    raise UnavailableError(message)


def fleeting_parents() -> tuple[Path, ...]:
    """Return the folders in which data that nobody misses may live."""
    return (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108  mkdtemp makes a fresh folder there


def make_private(folder: Path, account: Account | None) -> None:
    """Create an empty folder that only the servers' account can open."""
    folder.mkdir(mode=0o700)
    give(folder, account)


def give(path: Path, account: Account | None) -> None:
    """Make the servers' account the owner."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def is_passable(folder: Path) -> bool:
    """Tell whether every user may pass through a folder and all above it."""
    resolved = folder.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (resolved, *resolved.parents))


def remove(paths: Iterable[Path]) -> None:
    """Delete folders with all they hold; what is not there any more is no error."""
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)


def _fresh_folder(parent: Path) -> Path | None:
    try:
        if not parent.exists():
            parent.mkdir()
            parent.chmod(0o711)
        if not is_passable(parent):
            return None
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError:
        return None
    place.chmod(0o711)
    return place

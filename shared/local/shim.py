"""The first thing that runs in a new process: leave root if so told, tie the life to the starter's, become the command.

Run by path with the bare interpreter, so it imports the standard library only. Doing this here and not in a hook
between fork and exec keeps starting a process safe in one with threads.

Arguments: the starter's pid, the signal to receive when it dies, uid and gid to become (-1: stay), then the command.
"""

import ctypes
import os
import sys

#: From Linux's <sys/prctl.h>.
_PR_SET_PDEATHSIG = 1


def main(starter: int, signal: int, uid: int, gid: int, command: list[str]) -> None:
    """Become the command."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)
        if os.getppid() != starter:
            sys.exit("the process that started this one has died")
    os.execv(command[0], command)  # noqa: S606  there is no shell to do without


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:5]]
    main(numbers[0], numbers[1], numbers[2], numbers[3], sys.argv[5:])

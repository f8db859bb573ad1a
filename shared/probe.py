"""Asks the process of this container whether it is well: `python -m shared.probe healthz`, or `readyz`.

Imports next to nothing, because it runs every few seconds beside every process.
"""

import http.client
import os
import sys
from collections.abc import Mapping, Sequence

#: A process that is well answers within milliseconds; the probe's own time-out is five seconds.
_SECONDS = 4.0
_DEFAULT_PORT = 9464
_USAGE = 2


def ask(page: str, port: int) -> str | None:
    """Return None when the process on this machine answers that all is well, else why not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", f"/{page}")
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port}: {error}"
    finally:
        connection.close()
    return None if answer.status == http.client.OK else text


def main(arguments: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """Print what is wrong and return 1, or return 0; a process without the page (port 0) is taken to be well."""
    if len(arguments) != 1 or arguments[0] not in {"healthz", "readyz"}:
        print("usage: python -m shared.probe healthz|readyz", file=sys.stderr)  # noqa: T201  a program's one line
        return _USAGE
    port = int(env.get("BATON_METRICS_PORT") or _DEFAULT_PORT)
    trouble = ask(arguments[0], port) if port else None
    if trouble is not None:
        print(trouble, file=sys.stderr)  # noqa: T201  the engine keeps it as the reason
    return 0 if trouble is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

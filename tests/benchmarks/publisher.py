"""A pipeline as a process of its own: makes its events, says so, and when it hears a line it publishes them all."""

import sys
import time

from shared.bus.stream import EventStream, connect
from tests.benchmarks.world import lead_events


def main(redis_url: str, stream_key: str, count: int, first: int) -> None:
    """Publish `count` events; prints the instant at which the first one left and its own CPU seconds."""
    bodies = list(lead_events(count, first=first))
    stream = EventStream(connect(redis_url), stream_key)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    started_at, used = time.time(), time.process_time()
    stream.publish(bodies)
    sys.stdout.write(f"{started_at} {time.process_time() - used}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

"""Keeps Python's search for cyclic garbage out of the batches: it took a fifth of their time and found nothing."""

import gc

#: Objects that may be born between two searches. A batch of 1,000 leads holds half as many at once and frees them all
#: by counting references; should they be cycles for once, they are some twenty megabytes.
BORN_BETWEEN_SEARCHES = 100_000


def search_rarely() -> None:
    """Leave what the process has loaded so far out of every search, and search for more only now and then."""
    gc.freeze()
    gc.set_threshold(BORN_BETWEEN_SEARCHES, 10, 10)

"""One lead that nobody answers: overdue, into the shark tank, and out of it by a claim, in seconds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from shared.bus.context import Context
from shared.console import note, print_table, say
from shared.db.transaction import transaction
from workers.demo.queries import Told, find_claimant, find_lead_of_event, load_story

SOURCE, EVENT_ID = "/forms/callback", "story-1"
#: The policy's ladder for this kind of lead ends after four seconds; a machine that needs five times as long is broken.
PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Story:
    """The lead of the story and how it ended."""

    lead_id: int | None
    claimed: bool


def tell_story(context: Context, baton: Callable[..., int]) -> Story:
    """Publish the lead, wait until its owner has lost it, let a colleague claim it, and print what happened."""
    say()
    say("== One lead that its owner does not answer (two hours are two seconds here)")
    context.stream.publish([_event()])
    note("waiting for its clock to run out")
    lead_id = _wait_for_tank(context)
    if lead_id is None:
        say("Its clock did not run out in time.")
        return Story(None, claimed=False)
    with transaction(context.engine) as tx:
        claimant = find_claimant(tx, lead_id)
    claimed = claimant is not None and baton("queue", "claim", "shark_tank", "--rep", claimant, "--lead", lead_id) == 0
    with transaction(context.engine) as tx:
        _show(load_story(tx, lead_id))
    return Story(lead_id, claimed=claimed)


def _event() -> bytes:
    data = {
        "email": "casey.lindqvist@quiet-harbour.example",
        "first_name": "Casey",
        "last_name": "Lindqvist",
        "company": "Quiet Harbour",
        "country": "US",
        "state": "OR",
        "employees": "60",
        "lead_type": "callback_request",
        "channel": "form",
        "original_source": "organic",
        "declared_need": "please call me back",
        "hand_raise": True,
    }
    envelope = {"specversion": "1.0", "id": EVENT_ID, "source": SOURCE, "type": "lead.submitted"}
    return orjson.dumps({**envelope, "time": datetime.now(UTC), "data": data})


def _wait_for_tank(context: Context) -> int | None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with transaction(context.engine) as tx:
            found = find_lead_of_event(tx, SOURCE, EVENT_ID)
        if found is not None and found.status == "pooled":
            return found.lead_id
        time.sleep(_LOOK_SECONDS)
    return None


def _show(story: list[Told]) -> None:
    rows = [(f"{one.at:%H:%M:%S}", f"+{one.after_seconds:.1f} s", one.what, one.detail) for one in story]
    print_table(["at (UTC)", "after", "what", ""], rows)

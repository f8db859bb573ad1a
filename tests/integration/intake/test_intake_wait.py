"""`baton wait`: when it ends, and what it says when it does not."""

import threading

import orjson

from tests.fixtures.commands import Baton
from tests.fixtures.pipeline import Pipeline, lead_event, rep
from tests.fixtures.policy_texts import OPEN_POLICY
from workers.intake.waiting import LOOK_SECONDS


def test_waiting_ends_when_everything_is_at_rest(baton: Baton, pipeline: Pipeline) -> None:
    """Not while an entry is unread, nor while a lead is on its way."""
    pipeline.activate(OPEN_POLICY)
    pipeline.sync("reps", [rep("rae")])
    pipeline.context.stream.publish([orjson.dumps(lead_event()) for _ in range(3)])

    unread = baton("wait", "--timeout", 0, "--json")
    pipeline.capture()
    received = baton("wait", "--timeout", 0)
    pipeline.run_all()
    at_rest = baton("wait", "--timeout", 0, "--json")

    assert (unread.code, unread.facts["at_rest"], unread.facts["left"]["stream"]) == (1, False, 3)
    assert (received.code, received.err) == (1, "Error: Not at rest after 0 s: 3 leads received.\n")
    assert (at_rest.code, at_rest.facts["at_rest"], at_rest.err) == (0, True, "")


def test_waiting_watches_until_it_is_over(baton: Baton, pipeline: Pipeline) -> None:
    """Somebody else brings the leads to rest while the command waits."""
    pipeline.activate(OPEN_POLICY)
    pipeline.sync("reps", [rep("rae")])
    pipeline.publish(lead_event())
    worker = threading.Timer(3 * LOOK_SECONDS, pipeline.run_all)
    worker.start()

    answer = baton("wait", "--timeout", 20)
    worker.join()

    assert (answer.code, answer.out) == (0, "Everything is at rest.\n")


def test_without_a_policy_waiting_says_so(baton: Baton, pipeline: Pipeline) -> None:
    """At once, for it may take for ever, and again where it gives up."""
    pipeline.publish(lead_event())

    answer = baton("wait", "--timeout", 0)

    told, error = answer.err.splitlines()
    assert answer.code == 1
    assert told.startswith("No policy is active, so leads wait in received")
    assert error.startswith("Error: Not at rest after 0 s: 1 leads received. No policy is active")


def test_leads_held_back_by_the_buffer_may_be_left(baton: Baton, pipeline: Pipeline) -> None:
    """But not those whose time has run out."""
    pipeline.activate(OPEN_POLICY.replace("minimum: 0s, maximum: 60s", "minimum: 30s, maximum: 60s"))
    pipeline.sync("reps", [rep("rae")])
    pipeline.route(lead_event())

    strict = baton("wait", "--timeout", 0)
    lenient = baton("wait", "--timeout", 0, "--allow-buffering")
    pipeline.pass_time(90)
    run_out = baton("wait", "--timeout", 0, "--allow-buffering")

    assert [strict.code, lenient.code, run_out.code] == [1, 0, 1]
    assert "1 leads buffering" in strict.err
    assert "1 leads buffering" in run_out.err

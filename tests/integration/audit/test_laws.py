"""The audit: silent about a world in which all laws hold, and loud about each one that was broken on purpose."""

from collections.abc import Callable, Sequence

import pytest

from shared.bus.context import Context
from shared.custody import Move, apply_moves
from shared.custody.departure import close_doors, take_back
from shared.db.transaction import transaction
from shared.domain.lead import Stage, Status
from workers.audit.audit import SWEEP_PATIENCES, run_audit
from workers.audit.checks import CHECKS
from workers.audit.laws import Result
from workers.escalation.answer import settle_answers
from workers.escalation.keeper import Keeper
from workers.escalation.policy.answers import Answer, Kind
from workers.escalation.policy.sweeping import BATCH_BY_ATTEMPT

_FIRST = "(SELECT min(lead_id) FROM lead WHERE status = '{}')"
OFFERED, POOLED, HELD, DIVERTED, NURTURING, MERGED = (
    _FIRST.format(status) for status in ("offered", "pooled", "held", "diverted", "nurturing", "merged")
)


def _told(lead_id: str, words: str) -> str:
    """Return the statement that changes what the last decision about a lead tells."""
    last = f"(SELECT decisions FROM lead WHERE lead_id = {lead_id})"
    return f"UPDATE decision SET detail = detail || '{words}' WHERE lead_id = {lead_id} AND sequence = {last}"


_STEP = "lead_id, epoch, ladder, step, action, due_at, policy_version"
#: Stands in a list of statements for a move that ends the custody of the first offered lead, by the rules.
END_CUSTODY = "END CUSTODY"

#: What must hold -> statements that break it and nothing else; what the database itself would refuse is dropped first.
BREAKERS: dict[str, Sequence[str]] = {
    "the tally of what was read equals what it became, and what is stored": [
        "INSERT INTO quarantine (sha256, body, reason) VALUES ('x', 'x', 'nobody has read it')",
    ],
    "every batch of the tally adds up, and counts each entry of the stream once": [
        "UPDATE intake_batch SET entries[2] = entries[1]",
    ],
    "every key has one event, and every event its key": ["DELETE FROM event_key WHERE id = 'e-3'"],
    "every submission is the lead that it says, and every lead was submitted": [
        "UPDATE lead SET event_id = 'e-0' WHERE event_id = 'e-3'",
    ],
    "what was dropped is counted: as many keys and as many leads as the dropped months had": [
        "INSERT INTO dropped_month VALUES ('2020-01-01', 1, 0, 0, now(), 'nobody')",
    ],
    "as many decisions were dropped as leads count and do not have": [
        "INSERT INTO dropped_decisions VALUES ('2020-01-01', 1, now(), 'nobody')",
    ],
    "every status is a word of the closed list, so that the statuses sum to the leads": [
        "ALTER TABLE lead DROP CONSTRAINT lead_status_check",
        "ALTER TABLE lead DISABLE TRIGGER lead_status_moves",
        "INSERT INTO lead_move VALUES ('matched', 'lost')",
        _told(DIVERTED, '{"status": "lost"}'),
        "UPDATE lead SET status = 'lost' WHERE status = 'diverted'",
    ],
    "the tally of the statuses says how many leads stand in each": ["INSERT INTO status_tally VALUES ('offered', 1)"],
    "offered and accepted leads are held by one rep, pooled and held ones by one queue, all others by nobody": [
        f"""
        INSERT INTO assignment (lead_id, epoch, owner_kind, owner, reason, policy_version)
        VALUES ({DIVERTED}, 1, 'queue', 'support', 'rule', 1)
        """,
        _told(DIVERTED, '{"owner": "support"}'),
        "UPDATE lead SET epoch = 1 WHERE status = 'diverted'",
    ],
    "a lead's epoch counts its custodies, and the last of them is the one that runs": [
        "UPDATE lead SET epoch = 1 WHERE status = 'nurturing'",
    ],
    "no living lead belongs to a rep who has departed or is not known": [
        "UPDATE rep SET status = 'departed' WHERE rep_id = 'ann'",
    ],
    "no lead stands in a moving status longer than all attempts of the sweep take": [
        "UPDATE policy_activation SET effective_at = now() - interval '2 hours'",
        "INSERT INTO event_key (source, id) VALUES ('/old', '1')",
        """
        WITH old AS (
            INSERT INTO lead (event_source, event_id, status_at) VALUES ('/old', '1', now() - interval '1 hour')
            RETURNING lead_id)
        INSERT INTO event (source, id, type, data, lead_id, outcome)
        SELECT '/old', '1', 'lead.submitted', '{}', lead_id, 'lead' FROM old
        """,
        "UPDATE intake_batch SET received = received + 1, leads = leads + 1, entries = entries || 1::bigint",
    ],
    "every lead in a queue has an owner by name: the queue's, in the policy of the case": [
        f"UPDATE assignment SET owner = 'nowhere' WHERE lead_id = {POOLED}",
        _told(POOLED, '{"owner": "nowhere"}'),
    ],
    "no step fires before it is due": [
        "ALTER TABLE deadline DROP CONSTRAINT deadline_check2",
        f"UPDATE deadline SET fired_at = now(), fired_by = 'keeper' WHERE lead_id = {OFFERED} AND step = 1",
    ],
    "a step of a custody is there once": [
        "ALTER TABLE deadline DROP CONSTRAINT deadline_pkey",
        f"INSERT INTO deadline ({_STEP}) SELECT {_STEP} FROM deadline WHERE lead_id = {POOLED}",
    ],
    "a step that fired is on the lead's record once": [
        f"""
        INSERT INTO decision (lead_id, sequence, stage, outcome, detail)
        SELECT lead_id, decisions + n, 'escalation', 'remind', '{{"epoch": 1, "ladder": "accept", "step": 1}}'
        FROM lead, generate_series(1, 2) AS n WHERE lead_id = {OFFERED}
        """,
        f"UPDATE lead SET decisions = decisions + 2 WHERE lead_id = {OFFERED}",
    ],
    "no step fires after its custody ended": [
        END_CUSTODY,
        """
        UPDATE deadline SET cancelled_at = NULL, fired_at = now() + interval '1 day', fired_by = 'keeper'
        WHERE cancelled_at IS NOT NULL AND step = 1
        """,
    ],
    "a ladder that has ended leaves no step open": [
        END_CUSTODY,
        "UPDATE deadline SET cancelled_at = NULL WHERE cancelled_at IS NOT NULL AND step = 2",
    ],
    "every due step is fired, cancelled, or deferred": [
        f"""
        INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version)
        VALUES ({OFFERED}, 0, 'buffer', 1, 'release', date_trunc('second', now() - interval '1 hour'), 1)
        """,
    ],
    "a running clock has the policy version of its custody": [
        f"UPDATE deadline SET policy_version = 7 WHERE lead_id = {OFFERED}",
    ],
    "the policy of every custody that runs is known": [
        f"UPDATE assignment SET policy_version = 7 WHERE lead_id = {OFFERED}",
        f"UPDATE deadline SET policy_version = 7 WHERE lead_id = {OFFERED}",
    ],
    "every recycling carries a reason that the policy of the case lists": [
        END_CUSTODY,
        "UPDATE decision SET detail = detail - 'recycle_reason' WHERE outcome = 'recycled'",
    ],
    "an accepted lead carries the instant of its acceptance": [
        f"UPDATE deadline SET cancelled_at = now() WHERE lead_id = {OFFERED}",
        f"""
        WITH accepted AS (
            UPDATE lead SET status = 'accepted', decisions = decisions + 1 WHERE lead_id = {OFFERED} RETURNING *)
        INSERT INTO decision (lead_id, sequence, stage, outcome, detail)
        SELECT lead_id, decisions, 'answer', 'accepted', '{{}}' FROM accepted
        """,
    ],
    "the decisions of a lead are numbered from 1 without gap or repeat, as many as the lead counts": [
        "DELETE FROM decision WHERE outcome = 'joined'",
    ],
    "each decision moves the lead from where the one before left it, by a legal move, to where it stands": [
        "ALTER TABLE lead DISABLE TRIGGER lead_status_moves",
        "UPDATE lead SET status = 'suppressed' WHERE status = 'diverted'",
    ],
    "the last decision that names an owner names the one who holds the lead": [
        _told(OFFERED, '{"owner": "dee"}'),
    ],
    "a rep's load is the number of leads the rep holds": [
        "UPDATE rep_load SET open_leads = open_leads + 1 WHERE rep_id = 'bob'",
    ],
    "a person's key belongs to a lead that lives or is suppressed": [
        f"UPDATE person_key SET lead_id = {MERGED} WHERE lead_id = {NURTURING}",
    ],
    "a lead in a queue has the clock that the queue's policy promises": [
        f"DELETE FROM deadline WHERE lead_id = {HELD}",
    ],
    "the last 500 routings, decided again by their own policy, end the same": [
        f"UPDATE decision SET rule = 'rest' WHERE lead_id = {OFFERED} AND stage = 'assignment'",
    ],
    "of the last 500 routings, each rep's clock is what the policy promises": [
        f"DELETE FROM deadline WHERE lead_id = {OFFERED} AND step = 2",
    ],
}


def broken(context: Context) -> list[Result]:
    """Return what the audit complains of."""
    return [one for one in run_audit(context) if one.breaches]


def move_first_offered(context: Context) -> None:
    """Take the first offered lead from its rep into nurture, by the rules."""
    with transaction(context.engine) as tx:
        apply_moves(
            tx,
            [
                Move(
                    lead_id=tx.value(f"SELECT {OFFERED}"),
                    from_status=Status.OFFERED,
                    status=Status.NURTURING,
                    stage=Stage.ANSWER,
                    outcome="recycled",
                    policy_version=1,
                    end_reason="recycled",
                    recycle_reason="timing",
                    track="re_engage",
                    detail={"recycle_reason": "timing"},
                )
            ],
        )


def test_a_world_that_was_made_by_the_rules_breaks_no_law(world: Context) -> None:
    """Leads that are offered, pooled, held, nurturing, diverted and merged, a duplicate and an unreadable event."""
    move_first_offered(world)

    assert broken(world) == []


def test_every_check_has_been_seen_to_fail(world: Context) -> None:
    """A check that nobody has broken on purpose may be a check that cannot fail."""
    checked = {one.holds for one in run_audit(world)}

    assert checked == BREAKERS.keys()
    assert {check.holds for check in CHECKS} <= checked


@pytest.mark.parametrize("holds", BREAKERS)
def test_a_law_that_is_broken_is_reported_and_no_other(world: Context, holds: str) -> None:
    """The report names the check, counts the offenders and shows the first of them."""
    law = next(one.law for one in run_audit(world) if one.holds == holds)

    for statement in BREAKERS[holds]:
        if statement == END_CUSTODY:
            move_first_offered(world)
        else:
            with transaction(world.engine) as tx:
                tx.run(statement)

    found = {one.holds: one for one in broken(world)}
    assert found[holds].breaches == len(found[holds].ids) > 0
    assert {one.law for one in found.values()} == {law}


def test_a_way_that_the_lifecycle_does_not_know_is_reported(world: Context) -> None:
    """The decisions are walked from the first to the last, and every step must be a legal move."""
    with transaction(world.engine) as tx:
        tx.run("UPDATE decision SET outcome = 'converted' WHERE lead_id = 2 AND sequence = 2")

    assert [(one.law.number, one.ids) for one in broken(world)] == [(8, (2,))]


def test_more_offenders_than_a_person_reads_are_counted(world: Context) -> None:
    """The count is whole, the ids are the first ten."""
    with transaction(world.engine) as tx:
        tx.run("UPDATE lead SET epoch = epoch + 7")

    first = broken(world)[0]

    assert (first.breaches, len(first.ids)) == (11, 10)


def test_a_departure_leaves_the_laws_whole(world: Context, decide: Callable[[list[int]], None]) -> None:
    """The leads of the departed are held with a clock and on the record, and go to others when they are decided."""
    with transaction(world.engine) as tx:
        close_doors(tx, ["ann"])
        tx.run("UPDATE rep SET status = 'departed' WHERE rep_id = 'ann'")
        tx.run("UPDATE roster SET revision = revision + 1")
        taken = take_back(tx, world.policies.active(tx), ["ann"])
    between = broken(world)
    decide(taken)

    assert taken
    assert between == broken(world) == []
    with transaction(world.engine) as tx:
        assert tx.value("SELECT count(*) FROM report.lead WHERE owner = 'ann'") == 0


def test_a_lead_on_its_way_to_another_owner_is_within_the_laws(world: Context) -> None:
    """Recycled to somebody else, it lies in a queue for a moment or longer, and has that queue's clock meanwhile."""
    with transaction(world.engine) as tx:
        lead = tx.row(f"SELECT lead_id, owner FROM report.lead WHERE lead_id = {OFFERED}")
        assert lead is not None
        settle_answers(world, tx, [Answer(Kind.RECYCLE, lead.lead_id, lead.owner, reason="existing_customer")])
        status = tx.value("SELECT status FROM lead WHERE lead_id = %(id)s", id=lead.lead_id)

    assert status == "held"
    assert broken(world) == []


def test_a_lead_that_nobody_could_move_is_held_within_the_laws(world: Context) -> None:
    """The sweep gives up with a decision, a queue and that queue's clock."""
    with transaction(world.engine) as tx:
        tx.run("ALTER TABLE lead DISABLE TRIGGER lead_status_moves")
        tx.run(
            """
            WITH back AS (UPDATE lead SET status = 'matched', track = NULL, decisions = decisions - 1, attempts = 9,
                status_at = now() - interval '1 hour', release_at = now() - interval '1 hour'
                WHERE status = 'nurturing' RETURNING *)
            DELETE FROM decision USING back WHERE decision.lead_id = back.lead_id AND sequence = back.decisions + 1
            """
        )
        tx.run("ALTER TABLE lead ENABLE TRIGGER lead_status_moves")
        version = world.policies.active(tx)
    assert version is not None

    Keeper(world).sweep(version)

    assert broken(world) == []
    with transaction(world.engine) as tx:
        assert tx.value("SELECT count(*) FROM lead WHERE hold_reason LIKE 'cannot_be_processed%%'") == 1


def test_the_audit_is_as_patient_as_the_sweep() -> None:
    """A first wait, and one that grows after each attempt: the audit's number is the sum of the keeper's."""
    assert 1 + sum(range(1, len(BATCH_BY_ATTEMPT) + 1)) == SWEEP_PATIENCES

"""The diagnosis: which layer breaks first, what patterns a lead shows, and whose side it is."""

import pytest

from workers.audit.policy.diagnosis import (
    CONFUSION,
    Group,
    Layer,
    Traits,
    by_group,
    first_broken,
    layers,
    patterns,
    patterns_of,
    split,
)

_WELL = Traits(assigned=True, accepted=True, touched=True, fast=True)


@pytest.mark.parametrize(
    ("traits", "layer"),
    [
        (Traits(unclear=True, undecided=True, unrouted=True), Layer.CAPTURE),
        (Traits(undecided=True, unrouted=True), Layer.QUALIFICATION),
        (Traits(unrouted=True), Layer.ROUTING),
        (Traits(assigned=True, missed=True), Layer.ACTION),
        (Traits(assigned=True, missed=True, touched=True, late=True), Layer.ACTION),
        (Traits(assigned=True, touched=True, unanswered=True), Layer.STATUS),
        (Traits(assigned=True, accepted=True, touched=True, abandoned=True), Layer.OUTCOME),
        (Traits(assigned=True, missed=True, touched=True), None),
        (_WELL, None),
        (Traits(assigned=True), None),
    ],
)
def test_the_first_broken_layer_is_named(traits: Traits, layer: Layer | None) -> None:
    """A lead is judged by the earliest layer that is broken; who is on the way or well is judged by none."""
    assert first_broken(traits) == layer


def test_every_layer_has_its_kind_of_confusion() -> None:
    """Quality, ownership, timing and outcome."""
    assert [CONFUSION[layer] for layer in Layer] == ["quality", "quality", "ownership", "timing", "outcome", "outcome"]


@pytest.mark.parametrize(
    ("traits", "shown"),
    [
        (Traits(assigned=True, missed=True), ["assigned, no activity"]),
        (Traits(assigned=True, missed=True, touched=True, late=True), ["late first activity"]),
        (Traits(touched=True, unanswered=True), ["activity, but status unchanged"]),
        (Traits(abandoned=True, touched_once=True), ["contacted once, then abandoned"]),
        (Traits(abandoned=True), []),
        (Traits(fast=True, unfit=True), ["fast follow-up, but low qualification"]),
        (_WELL, []),
    ],
)
def test_patterns_are_read_from_the_record(traits: Traits, shown: list[str]) -> None:
    """Each pattern has its traits, and a lead that is well shows none."""
    assert patterns_of(traits) == shown


def test_leads_are_counted_where_they_break() -> None:
    """Groups add up by layer in the order of the way, by pattern, and by the dimension with the largest first."""
    groups = [
        Group("ads", Traits(unclear=True), 2, (5, 4)),
        Group("forms", Traits(assigned=True, missed=True), 3, (9,)),
        Group("forms", Traits(unclear=True), 1, (7,)),
        Group("forms", _WELL, 10),
    ]

    found = layers(groups)

    assert {layer: (one.leads, one.examples) for layer, one in found.items()} == {
        Layer.CAPTURE: (3, [5, 4, 7]),
        Layer.ACTION: (3, [9]),
    }
    assert [(name, one.leads) for name, one in patterns(groups).items()] == [("assigned, no activity", 3)]
    assert [(one["of"], one["leads"], one["capture"], one["action"]) for one in by_group(groups)] == [
        ("forms", 14, 1, 3),
        ("ads", 2, 2, 0),
    ]


def test_the_lead_and_the_process_are_told_apart() -> None:
    """Of leads that nobody accepted: bad ones, those that nobody acted on in time, and those still in time."""
    groups = [
        Group("all", Traits(unclear=True, assigned=True), 2),
        Group("all", Traits(assigned=True, missed=True), 3),
        Group("all", Traits(assigned=True), 4),
        Group("all", Traits(assigned=True, disqualified=True, unfit=True), 5),
    ]

    found = {one["symptom"]: one for one in split(groups)}

    assert found["not accepted"] == {"symptom": "not accepted", "lead quality": 7, "process": 3, "neither": 4}
    assert found["disqualified"] == {"symptom": "disqualified", "lead quality": 5, "process": 0, "neither": 0}

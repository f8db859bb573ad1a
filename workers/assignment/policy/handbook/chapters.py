"""Puts the page together: who answers for the policy, the other chapters in the order of reading, the words at last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.rep import Roster
from shared.policy.cadence import Review
from shared.policy.document import Attribute, PolicyDocument
from shared.policy.wording import (
    condition_words,
    outside_words,
    recognition_words,
    share_words,
    span_words,
)
from workers.assignment.policy.handbook.blocks import Block, Chapter, Code, Page, paragraph, table
from workers.assignment.policy.handbook.promises import (
    absence_chapter,
    commands_chapter,
    hours_chapter,
    promises_chapter,
    recycling_chapter,
)
from workers.assignment.policy.handbook.routing import pools_chapter, qualification_chapter, rules_chapter


@dataclass(frozen=True, slots=True)
class Edition:
    """Which policy it is, and how it stands on record; of a file only the label is known."""

    label: str
    written_at: datetime | None = None
    written_by: str | None = None
    in_force_since: datetime | None = None
    requested_by: str | None = None
    approved_by: str | None = None
    note: str | None = None
    planned: tuple[str, ...] = ()
    review: Review | None = None


def handbook(document: PolicyDocument, edition: Edition, roster: Roster | None, now: datetime) -> Page:
    """Return the page of a policy, with the reps as they are and the holidays of the year to come."""
    today = now.date()
    return Page(
        f"Lead routing: {document.name}",
        f"{edition.label}. Written on {now:%d %B %Y at %H:%M} UTC, from the policy itself.",
        (
            _answers(document, edition),
            rules_chapter(document),
            qualification_chapter(document),
            pools_chapter(document, roster),
            promises_chapter(document, roster),
            absence_chapter(document),
            hours_chapter(document, today),
            recycling_chapter(document),
            _words(document),
            _recognition(document),
            commands_chapter(),
        ),
    )


def _answers(document: PolicyDocument, edition: Edition) -> Chapter:
    rows = [
        ("this policy", document.owner or "nobody is named"),
        *((f"the stage {stage}", owner) for stage, owner in document.stage_owners.items()),
        *((f"queue {queue.name}", queue.owner) for queue in document.queues.values() if queue.owner != document.owner),
    ]
    blocks: list[Block] = [table(("for", "answers"), rows, "Who answers for what")]
    record = [(what, value) for what, value in _record(document, edition) if value]
    if record:
        blocks.append(table(("", "on record"), record, "This version"))
    promises = _commitments(document)
    if promises:
        blocks.append(table(("who", "promises"), promises, "What both sides promise"))
    return Chapter("Who answers for it", tuple(blocks))


def _record(document: PolicyDocument, edition: Edition) -> list[tuple[str, object]]:
    since = edition.in_force_since
    return [
        ("to be looked through", document.review),
        ("looked at last", _when(edition.review.last_at, edition.review.last_by) if edition.review else ""),
        ("due again", _when(edition.review.due_at, None) if edition.review else ""),
        ("stored", _when(edition.written_at, edition.written_by)),
        ("in force since", _when(since, edition.requested_by)),
        ("approved by", edition.approved_by),
        ("why", edition.note),
        ("planned", list(edition.planned)),
    ]


def _when(at: datetime | None, who: str | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC{f', by {who}' if who else ''}"


def _commitments(document: PolicyDocument) -> list[tuple[str, str]]:
    marketing, sales = document.commitments.marketing, document.commitments.sales
    per_week, complete = marketing.qualified_per_week, marketing.context_complete
    found = [
        ("marketing", f"{per_week} qualified leads a week" if per_week is not None else ""),
        ("marketing", f"{share_words(complete)} of them with their whole context" if complete is not None else ""),
        ("sales", f"to answer within {span_words(sales.accepted_within)}" if sales.accepted_within else ""),
        ("sales", f"the first touch within {span_words(sales.first_touch_within)}" if sales.first_touch_within else ""),
    ]
    return [(who, what) for who, what in found if what]


def _words(document: PolicyDocument) -> Chapter:
    vocabulary = document.vocabulary
    aliases = [f"{alias} means {word}" for alias, word in vocabulary.product_aliases.items()]
    rows: list[tuple[str, object, object]] = [
        ("product", ", ".join(vocabulary.product) or "any word", aliases),
        ("lead type", ", ".join(vocabulary.lead_type) or "any word", ""),
        ("original source", ", ".join(vocabulary.original_source) or "any word", ""),
    ]
    blocks: list[Block] = [table(("field", "words", "also written"), rows, "Closed words")]
    for title, found in (("Segments", vocabulary.segment), ("Regions", vocabulary.region)):
        if found:
            lines = [(Code(one.name), condition_words(one.when)) for one in found]
            blocks.append(table((title.lower().removesuffix("s"), "holds when"), lines, title))
    if vocabulary.region:
        blocks.append(paragraph("Of several regions that hold, the first one counts."))
    if document.attributes:
        columns = ("attribute", "words", "found in", "another word")
        blocks.append(table(columns, [_attribute(one) for one in document.attributes.values()], "Fields of our own"))
    return Chapter("The words that rules use", tuple(blocks))


def _attribute(attribute: Attribute) -> list[object]:
    derived = [f"{word}: {recognition_words(test)}" for word, test in attribute.words.items()]
    words: list[object] = [", ".join(attribute.values)] if attribute.values else list(derived)
    words += [f"{alias} means {word}" for alias, word in attribute.aliases.items()]
    return [Code(attribute.name), words, attribute.source or "the form's own field", outside_words(attribute.unknown)]


def _recognition(document: PolicyDocument) -> Chapter:
    matching = document.matching
    same = ", or ".join(" and ".join(one).replace("_", " ") for one in matching.person.any)
    waits = [(name, span_words(one.minimum), span_words(one.maximum)) for name, one in document.buffer.items()]
    names = _BY.get(matching.account, ", then ".join(matching.account))
    blocks: list[Block] = [
        paragraph(
            f"Two submissions are one person when they agree in {same}. The later joins the lead of the earlier."
        ),
        paragraph(
            f"An account is found by {names}; names count as the same from a likeness of "
            f"{share_words(matching.name_similarity)} on. Of several accounts these decide, in order: "
            f"{', '.join(one.replace('_', ' ') for one in matching.ties)}."
        ),
        table(("lead type", "at least", "at most"), waits, "How long a lead waits for its facts"),
    ]
    return Chapter("How a lead is recognised", tuple(blocks))


_BY: Mapping[tuple[str, ...], str] = {
    ("domain", "name"): "its domain, then by its name",
    ("domain",): "its domain",
    ("name",): "its name",
}

"""The form of a message: escaping, lists, limits, and that foreign text is only ever text."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.notice import Addressee, Channel
from workers.notification.policy.letter import NAMED, LeadCard, Letter
from workers.notification.policy.outbox import Line, Pending
from workers.notification.policy.rounds import Message
from workers.notification.policy.slack import TEXT_LENGTH, blocks, escape, fallback, metadata
from workers.notification.policy.wording import age

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

#: Text that tries: markup, mentions, links, line breaks, invisible characters, and anything else.
HOSTILE = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            (
                *("<!channel>", "<@U123>", "<http://evil.example|Acme>", "&lt;", "@here", "@Channel", "*", "_", "~"),
                *("`", "```", "\n", "\r", "\t", "\u2028", "\u202e", "\u200b", "• ", ">", "&", "Acme", " "),
            )
        )
    ).map("".join),
)


def letter(
    *cards: LeadCard, kind: str = "overdue", leads: int | None = None, body: Mapping[str, Any] | None = None
) -> Letter:
    """Return a letter about these leads, or about more of them than it names."""
    lead_ids = tuple(range(1, 1 + (len(cards) if leads is None else leads)))
    notice = Pending(7, kind, "ann", Addressee.REP, lead_ids, NOW, rep_name="Ann", body=body or {})
    return Letter(Message(7, Line(Channel.SLACK, "U0ANN00"), kind, (notice,)), cards, NOW)


def card(number: int = 1, **facts: Any) -> LeadCard:
    """Return a lead of a company."""
    return LeadCard(number, NOW - timedelta(hours=number), owner="ann", facts={"company": "Acme", **facts})


def _texts(found: Any) -> list[str]:
    if isinstance(found, dict):
        inner = [text for value in found.values() for text in _texts(value)]
        return [found["text"], *inner] if found.get("type") == "mrkdwn" else inner
    return [text for one in found for text in _texts(one)] if isinstance(found, list) else []


@given(HOSTILE)
def test_a_notice_without_leads_says_its_own_words(text: str) -> None:
    """What a notice of the policy says stands on a line of its own, escaped, for people and for screen readers."""
    found = letter(kind="policy", body={"text": f"a{text}"})

    said = _texts(blocks(found))

    assert said[0] == "*The routing policy*"
    assert said[1].startswith("• a")
    assert "\n" not in said[1]
    assert fallback(found) == f"The routing policy: {said[1].removeprefix('• ')}"


@given(HOSTILE)
def test_escaped_text_holds_no_markup(text: str) -> None:
    """No bracket, no bare ampersand, nothing that formats, mentions or breaks the line; and it fits."""
    escaped = escape(text)

    assert not re.search(r"[<>*_~`\n\r\t\u2028\u2029]", escaped)
    assert not re.search(r"&(?!(amp|lt|gt);)", escaped)
    assert not re.search(r"@(channel|here|everyone)", escaped, re.IGNORECASE)
    assert len(escaped) <= TEXT_LENGTH
    assert escaped == escaped.strip()


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=TEXT_LENGTH))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    """Letters and digits of all alphabets."""
    assert escape(text) == text


def test_text_is_cut_by_what_is_sent_and_not_inside_an_entity() -> None:
    """One ampersand is five characters to Slack."""
    escaped = escape("&" * 500)

    assert re.fullmatch(r"(&amp;)+…", escaped)
    assert TEXT_LENGTH - 5 < len(escaped) <= TEXT_LENGTH


@given(st.lists(HOSTILE, min_size=1, max_size=NAMED), HOSTILE, st.sampled_from(["overdue", "exception", "reassigned"]))
def test_a_message_keeps_to_slacks_limits_whatever_it_names(names: list[str], other: str, kind: str) -> None:
    """Sections of 3,000 characters, ten fields of 2,000, a fallback text; and every bracket in it is ours."""
    cards = [
        LeadCard(number, NOW, owner=other, hold_reason=other, facts={"company": name, "campaign": other})
        for number, name in enumerate(names, start=1)
    ]

    written = letter(*cards, kind=kind, body={"from": other, "to": other, "reason": other})
    found = blocks(written)

    for text in _texts(found):
        assert 0 < len(text) <= 3000
        assert not re.search(r"<(?!(!date\^\d+\^|@U))", text)
    assert all(len(one.get("fields", [])) <= 10 and len(str(one)) < 20_000 for one in found)
    assert 0 < len(fallback(written)) <= 4000
    assert len(json.dumps(metadata(written))) < 8000


def test_a_line_of_the_list_cannot_be_forged() -> None:
    """A company whose name holds a line break and a bullet is still one line."""
    found = blocks(letter(card(1, company="Acme\n• *Zeta* · with bob"), card(2)))

    lines = found[1]["text"]["text"].splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("• *Acme • ＊Zeta＊ · with bob* · with ann")


@pytest.mark.parametrize(
    ("leads", "expected"), [(1, "A lead is overdue"), (2, "2 leads are overdue"), (500, "500 leads are overdue")]
)
def test_the_headline_counts(leads: int, expected: str) -> None:
    """All leads, and not only those that are named."""
    told = letter(*(card(number) for number in range(1, min(leads, NAMED) + 1)), leads=leads)

    assert blocks(told)[0]["text"]["text"] == f"*{expected}*"
    assert fallback(told).startswith(f"{expected}: Acme")


def test_a_kind_that_is_not_known_is_told_all_the_same() -> None:
    """A new version may write what an old one sends."""
    assert blocks(letter(card(), kind="novel"))[0]["text"]["text"] == "*A lead needs you*"


def test_a_message_about_leads_that_are_gone_has_words() -> None:
    """Nothing is known of them but how many they were."""
    found = blocks(letter(leads=3))

    assert _texts(found) == ["*3 leads are overdue*", "and 3 more", "Baton · message 7 · notice 7"]


def test_links_are_never_made_by_slack() -> None:
    """Every text is verbatim."""
    found = json.loads(json.dumps(blocks(letter(card(), card(2)))))

    assert all('"verbatim": true' in json.dumps(one) for one in found)


def test_who_moved_a_lead_and_why_stands_beside_it() -> None:
    """From, to and the reason, in the words of the order."""
    told = letter(card(1), card(2), kind="reassigned", body={"from": "ann", "to": "bob", "reason": "moved desk"})

    assert "ann to bob: moved desk" in blocks(told)[1]["text"]["text"]


def test_a_bulk_move_names_its_plan_and_why() -> None:
    """The leads of a plan had many owners before: the plan stands for them, and who has each lead now beside it."""
    told = letter(card(1), card(2), kind="reassigned", body={"to": "bob", "plan": 17, "reason": "Ana leaves"})

    assert "bulk move 17: Ana leaves" in blocks(told)[1]["text"]["text"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7500, "2 h 5 min"), (86399, "23 h 59 min"), (90000, "1 d 1 h")],
)
def test_an_age_has_two_units(seconds: int, expected: str) -> None:
    """What a person would say."""
    assert age(NOW - timedelta(seconds=seconds), NOW) == expected


def test_an_alarm_about_a_queue_speaks_of_no_lead() -> None:
    """A queue that holds too much is named with its share; the message has no list of leads."""
    alarm = letter(kind="exception", leads=0, body={"queue": "exceptions", "share": 0.34})

    texts = _texts(blocks(alarm))

    assert any("The queue exceptions holds 34% of all leads" in text for text in texts)

"""The page of a policy: what people ask of it stands in it, as Markdown and as HTML, whatever its words are."""

import re
from datetime import UTC, date, datetime
from fractions import Fraction
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.rep import Rep, RepStatus
from shared.policy.document import PolicyDocument
from shared.policy.parse import parse_policy
from shared.policy.wording import condition_words
from tests.fixtures.policy_texts import FULL_POLICY
from workers.assignment.policy.handbook.blocks import Bullets, Chapter, Code, Page, Table, paragraph, table
from workers.assignment.policy.handbook.chapters import Edition, handbook
from workers.assignment.policy.handbook.html import as_html
from workers.assignment.policy.handbook.markdown import as_markdown

_NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
_ROSTER = {
    "nils": Rep("nils", "Nils", team="North", skills=("anvils",), weight=Fraction(3), capacity=20),
    "nora": Rep("nora", "Nora", team="North"),
    "dora": Rep("dora", "Dora", team="North", status=RepStatus.DEPARTED),
}
_CALENDAR = (
    'calendars: {berlin: {timezone: Europe/Berlin, hours: {mon-fri: ["09:00-17:00"]}, '
    "holidays: {country: DE, subdivision: BE, remove: [Reformation Day], add: {2026-12-24: closed}}}}"
)


def _page(text: str = FULL_POLICY, edition: Edition | None = None, *, known: bool = True) -> Page:
    return handbook(parse_policy(text), edition or Edition("The file x.yaml"), _ROSTER if known else None, _NOW)


def _tables(page: Page) -> dict[str, Table]:
    return {block.title: block for one in page.chapters for block in one.blocks if isinstance(block, Table)}


def _cells(found: Table, column: str) -> list[str]:
    number = found.columns.index(column)
    return ["; ".join(_line(line) for line in row[number]) for row in found.rows]


def _line(text: tuple[object, ...]) -> str:
    return "".join(part.text if isinstance(part, Code) else str(part) for part in text)


def test_what_outranks_what_is_written_in_the_order_of_the_rules() -> None:
    """Every rule has its line, with whom it takes, where they go, and where they go without room there."""
    rules = _tables(_page())["The rules, in their order"]

    assert _cells(rules, "rule") == ["deal", "customer", "support", "anvils", "large", "north", "south", "rest"]
    assert _cells(rules, "looks at")[:4] == ["all leads", "all leads", "all leads", "qualified leads"]
    assert _cells(rules, "takes")[2] == "lead type is support_request; because support is no lead"
    assert _cells(rules, "goes to")[4] == "pool large; first action: call within 15m"
    assert _cells(rules, "without room there")[3] == "pool large, then queue exceptions"


def test_who_is_in_which_pool_is_written_with_shares() -> None:
    """Active members only, with weight, share and capacity; a pool without any is named, and so is a lack of reps."""
    page = _page()
    north = _tables(page)["Pool north: 2 active members"]
    text = as_markdown(page)

    assert list(zip(_cells(north, "rep"), _cells(north, "share"), _cells(north, "capacity"), strict=True)) == [
        ("nils", "75%", "20"),
        ("nora", "25%", "unlimited"),
    ]
    assert "Pool `south` has no active member" in text
    assert "no database was asked" in as_markdown(_page(known=False))


def test_what_happens_if_nobody_acts_is_written_step_by_step() -> None:
    """Clocks, alerts and queues, with who is told."""
    tables = _tables(_page())
    clocks, queues = tables["The clocks"], tables["The queues"]

    assert _cells(clocks, "for") == ["lead type is demo_request", "lead type is content_download", "every lead"]
    steps = _cells(clocks, "until it is accepted")
    assert steps[0].split("; ") == [
        "after 10m: the owner is reminded",
        "after 2h: it is overdue, the manager is told",
        "after 4h: it moves to queue shark_tank, and that stands on the rep's record",
    ]
    assert steps[1] == "nothing is promised: no response is promised"
    assert _cells(queues, "if nothing happens")[0] == "after 30m ops@here.example is told"
    assert _cells(queues, "who may claim")[1] == "team North or South (2 now)"


def test_holidays_are_those_of_the_year_to_come() -> None:
    """Public holidays with their names, without those that are worked, from today on for twelve months."""
    before, _, behind = FULL_POLICY.partition("calendars:")
    tables = _tables(_page(f"{before}{_CALENDAR}\nsla{behind.partition(chr(10) + 'sla')[2]}"))

    (holidays,) = (found for title, found in tables.items() if title.startswith("Holidays of berlin"))
    days = [datetime.strptime(day, "%a %d %b %Y").date() for day in _cells(holidays, "closed on")]  # noqa: DTZ007  a date
    assert days == sorted(days)
    assert date(2026, 11, 21) <= days[0] <= days[-1] < date(2027, 11, 21)
    assert "Reformation Day" not in _cells(holidays, "holiday")
    assert "Fri 25 Dec 2026" in _cells(holidays, "closed on")
    assert "2026-12-24: closed" in "; ".join(_cells(tables["Calendar berlin"], "hours"))


def test_every_name_of_the_policy_is_on_the_page() -> None:
    """Rules, pools, queues, calendars, tracks, reasons, segments, regions and attributes: nothing is left out."""
    example: PolicyDocument = parse_policy(FULL_POLICY)
    page = as_markdown(handbook(example, Edition("Version 7"), None, _NOW))
    vocabulary = example.vocabulary
    parts = (example.rules, example.pools.values(), example.queues.values(), example.calendars.values())
    more = (example.tracks.values(), example.recycle.values(), vocabulary.segment, vocabulary.region)
    names = [one.name for part in (*parts, *more, example.attributes.values()) for one in part]

    assert [name for name in names if name not in page] == []
    assert [word for word in (*vocabulary.product, *vocabulary.lead_type) if word not in page] == []
    assert example.owner in page


def test_the_record_of_a_version_is_on_the_page() -> None:
    """Who put it into force, since when, who agreed, why, and what is planned."""
    edition = Edition(
        "Version 7, in force", _NOW, "olga", _NOW, "otto", "boss", "new year", ("version 8 (next) for 2027-01-01 UTC",)
    )
    page = as_markdown(_page(edition=edition))

    for words in ("Version 7, in force", "by olga", "by otto", "boss", "new year", "version 8 (next)"):
        assert words in page


class _Balance(HTMLParser):
    """Counts elements that are opened and closed, and those that run or fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element, and what it would fetch."""
        self.seen.append(tag)
        self.seen += [f"{name}={value}" for name, value in attrs if name in {"src", "onload", "onclick", "onerror"}]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


def _read(html: str) -> _Balance:
    found = _Balance()
    found.feed(html)
    found.close()
    return found


def test_the_html_page_needs_nothing_else() -> None:
    """Well-formed, without script, image, style sheet or address outside; every chapter is linked from the top."""
    html = as_html(_page())
    found = _read(html)

    assert found.open == []
    assert {"script", "img", "link", "iframe"}.isdisjoint(found.seen)
    assert re.findall(r"https?://|url\(|@import", html) == []
    anchors, links = re.findall(r'id="([^"]+)"', html), re.findall(r'href="#([^"]+)"', html)
    assert anchors == links
    assert len(set(anchors)) == len(anchors) == 11


_HOSTILE = st.text(alphabet=st.sampled_from("ab _*`|<>&\\[]()#-+=~!\"'\n\t1.:/%{}é"), min_size=1, max_size=30).filter(
    str.strip
)


@given(_HOSTILE, _HOSTILE)
def test_words_of_a_policy_are_never_markup(word: str, other: str) -> None:
    """Whatever people write into names and reasons is text: the table keeps its columns, the page its elements."""
    found = table(("a", "b"), [(Code(word), other), (other, [word, Code(other)])], word)
    page = Page(word, other, (Chapter(word, (found, paragraph(word, Code(other)), Bullets(((other,), (word,))))),))

    html, text = _read(as_html(page)), as_markdown(page)

    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert html.open == []
    assert {"script", "img", "a b"}.isdisjoint(html.seen)
    assert [_columns(line) for line in rows] == [2] * 4
    assert sum(line.startswith("#") for line in text.splitlines()) == 3
    assert not re.search(r"<(?!br>)", re.sub(r"\\.|`[^`]*`", "", text))


def _columns(line: str) -> int:
    """Count the cells of a row as a reader of Markdown does: bars that are not escaped, ends aside."""
    return len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("{}", "every lead"),
        ("{country: DE}", "country is DE"),
        ("{country: [DE, AT]}", "country is DE or AT"),
        ("{employees: {gte: 10, lt: 200}}", "employees is at least 10 and employees is less than 200"),
        ("{has_open_opportunity: true}", "the account has an open opportunity"),
        ("{named_account: false}", "the account is not a named one"),
        ("{hand_raise: {known: false}}", "hand raise is not known"),
        ("{not: {channel: import}}", "not (channel is import)"),
        (
            "{any: [{country: DE}, {all: [{state: CA}, {postal_code: {starts_with: ['9']}}]}]}",
            "country is DE or (",
        ),
        ("{industry: {not_in: [press]}}", "industry is known and not press"),
    ],
)
def test_conditions_read_like_sentences(condition: str, words: str) -> None:
    """What a rule asks is said without the signs of its notation."""
    text = f"baton_policy: 1\nrules: [{{name: a, when: {condition}, to: queue:q}}]\nqueues: {{q: {{}}}}\n"

    assert condition_words(parse_policy(text).rules[0].when).startswith(words)


def test_an_empty_column_is_left_out() -> None:
    """A table shows what there is; its first column stays."""
    found = table(("a", "b", "c"), [("", None, "x"), ("1", "", "y")])

    assert found.columns == ("a", "c")

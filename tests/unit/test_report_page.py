"""The page of the hand-off report: whole, well-formed, and by itself."""

from html.parser import HTMLParser

from workers.audit.policy.charts import bars
from workers.audit.policy.layout import arrange, key_figures
from workers.audit.policy.measures import Measure
from workers.audit.policy.page import as_page

_ALONE = {"meta", "rect"}


class _Reader(HTMLParser):
    """Keeps which tags are open, which there were, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.append(tag)
        if tag not in _ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_well_formed_and_needs_nothing_else() -> None:
    """Every tag is closed, there is no script and no address, and what leads are called cannot become markup."""
    measures = [
        Measure("R103", "median first touch", "2026-W46", 0.25, "minutes", 3, by="week"),
        Measure("R103", "median first touch", "2026-W47", 7.25, "minutes", 8, by="week"),
        Measure("R109", "opportunity rate by source", "<script>", 0.5, "share", 4, by="source"),
        Measure("R122", "not worked", "held: unknown:product,employees", 2, "leads", 9, by="place"),
        Measure("R115", "median acceptance", "all", None, "minutes", 0),
    ]
    reader = _Reader()

    page = as_page(measures, "Hand-off", "of a test")
    reader.feed(page)

    assert reader.open == []
    assert {"svg", "rect", "table"} <= set(reader.seen)
    assert "script" not in reader.seen
    assert "http" not in page
    assert "<script>" in reader.text
    assert "15.0 s" in reader.text
    assert "7.2 minutes" in reader.text
    assert "50.0%of 4" in reader.text
    assert "held: unknown: product, employees" in reader.text
    assert "nothing to measure" in reader.text


def test_key_figures_are_the_latest() -> None:
    """Of what is told by week the last one counts, and of nothing there is none."""
    weeks = [
        Measure("R103", "median first touch", week, value, "minutes", 1, by="week")
        for week, value in (("2026-W46", 9), ("2026-W47", 3))
    ]

    assert [(one.of, one.value) for one in key_figures(weeks)] == [("2026-W47", 3)]
    assert key_figures([]) == []


def test_groups_are_rows_and_measures_are_columns() -> None:
    """The largest group comes first; where a group has no figure its cell is empty."""
    rate = Measure("R109", "opportunity rate by path", "small", 0.5, "share", 4, by="path")
    measures = [
        rate,
        Measure("R109", "opportunity rate by path", "large", 0.25, "share", 40, by="path"),
        Measure("R129", "SLA misses", "rule large", 0.1, "share", 10, by="rule"),
    ]

    (section,) = arrange(measures)

    (table,) = section.tables
    columns = [title for title, _ in table.columns]
    cells = {group: dict(zip(columns, found, strict=True)) for group, found in table.rows}
    assert list(cells) == ["large", "small"]
    assert cells["small"]["opportunity rate"] == rate
    assert cells["small"]["SLA misses"] is None
    assert cells["large"]["SLA misses"] == measures[2]


def test_the_longest_bar_is_the_greatest_value() -> None:
    """Bars are in proportion: half the value, half the length."""
    drawn = bars("A plot", [("a", 10, "10"), ("b", 5, "5")])

    assert 'width="400.0"' in drawn
    assert 'width="200.0"' in drawn
    assert bars("A plot", []) == ""

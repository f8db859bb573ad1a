"""How the measures of the hand-off stand on a page: key figures, then parts with plain figures and tables; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from workers.audit.policy.measures import Measure

#: What both teams look at first.
_KEY = (
    "delivered",
    "worked",
    "unexplained difference",
    "assigned within 5 minutes",
    "median first touch",
    "offers within SLA",
    "qualified to sales accepted",
    "value of the leak",
)


class Column(NamedTuple):
    """A column of a table: what stands above it, and the measures in it by name and dimension."""

    title: str
    name: str
    by: str


class Grid(NamedTuple):
    """A table whose rows are groups; unless the groups have an order of their own the largest comes first."""

    title: str
    columns: tuple[Column, ...]
    is_ordered: bool = False


class Part(NamedTuple):
    """A part of the page: its heading, the requirements whose figures stand alone in it, and its tables."""

    heading: str
    figures: tuple[str, ...]
    grids: tuple[Grid, ...] = ()


_PARTS = (
    Part(
        "Speed",
        ("R104", "R115", "R066", "R105", "R071"),
        (
            Grid("week of arrival", (Column("median first touch", "median first touch", "week"),), is_ordered=True),
            Grid(
                "arrival",
                (Column("median first touch", "median first touch", "hours"), Column("touched", "touched", "hours")),
            ),
        ),
    ),
    Part("Delivered against worked", ("R122",), (Grid("not worked", (Column("leads", "not worked", "place"),)),)),
    Part(
        "Stages and the leak",
        ("R124", "R111", "R128", "R126"),
        (
            Grid(
                "stage",
                (
                    Column("qualified leads that came as far", "qualified leads that came as far", "stage"),
                    Column("lost after it", "lost after the stage", "stage"),
                ),
                is_ordered=True,
            ),
        ),
    ),
    Part(
        "Rates",
        ("R114", "R116", "R119", "R118", "R117", "R107", "R113", "R120"),
        (
            Grid(
                "response time",
                (Column("converted", "conversion by response time", "response time"),),
                is_ordered=True,
            ),
        ),
    ),
    Part(
        "Sources",
        (),
        (
            Grid(
                "source",
                (
                    Column("opportunity rate", "opportunity rate by source", "source"),
                    Column("context complete", "context complete by source", "source"),
                ),
            ),
        ),
    ),
    Part(
        "Paths",
        (),
        (
            Grid(
                "path",
                (
                    Column("assigned", "assigned, of what came this way", "path"),
                    Column("assignment delay", "median assignment delay", "path"),
                    Column("SLA misses", "SLA misses", "rule"),
                    Column("opportunity rate", "opportunity rate by path", "path"),
                    Column("converted", "converted by path", "path"),
                    Column("time to convert", "median time to conversion", "path"),
                    Column("revenue per worked lead", "revenue per worked lead", "path"),
                ),
            ),
        ),
    ),
    Part(
        "Reps",
        ("R110",),
        (
            Grid(
                "rep",
                (
                    Column("meeting rate", "meeting rate by owner", "rep"),
                    Column("assignment delay", "median assignment delay", "rep"),
                    Column("SLA misses", "SLA misses", "rep"),
                    Column("expected value given", "expected value of leads given", "rep"),
                ),
            ),
        ),
    ),
    Part(
        "Queues and pools",
        (),
        (
            Grid(
                "queue",
                (
                    Column("median age", "median age in queue", "queue"),
                    Column("oldest", "oldest in queue", "queue"),
                ),
            ),
            Grid("pool", (Column("SLA misses", "SLA misses", "pool"),)),
        ),
    ),
    Part("Promises of both sides", ("R076",)),
)
#: A rep and a lead type together are no group of a table: each such figure is a finding of its own.
_ALONE = frozenset({"", "rep and lead type"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what its rows are, its columns with the requirements that they answer, and a cell for each of both."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[Measure | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with everything that stands in it."""

    heading: str
    figures: tuple[Measure, ...]
    tables: tuple[Table, ...]


def key_figures(measures: Sequence[Measure]) -> list[Measure]:
    """Return the few figures that say how it goes; of those by week the latest."""
    known = {one.name: one for one in measures if one.by in {"", "week"}}
    return [known[name] for name in _KEY if name in known]


def arrange(measures: Sequence[Measure]) -> list[Section]:
    """Return the parts in which there is something to read; every measure stands in exactly one of them."""
    sections = [_section(part, measures) for part in _PARTS]
    return [section for section in sections if section.figures or section.tables]


def _section(part: Part, measures: Sequence[Measure]) -> Section:
    alone = [one for one in measures if one.by in _ALONE and one.requirement in part.figures]
    figures = sorted(alone, key=lambda one: part.figures.index(one.requirement))
    tables = (_table(grid, measures) for grid in part.grids)
    return Section(part.heading, tuple(figures), tuple(table for table in tables if table.rows))


def _table(grid: Grid, measures: Sequence[Measure]) -> Table:
    cells = {
        (_group(one), number): one
        for number, column in enumerate(grid.columns)
        for one in measures
        if (one.name, one.by) == (column.name, column.by)
    }
    groups = list(dict.fromkeys(group for group, _ in cells))
    if not grid.is_ordered:
        groups.sort(key=lambda group: (-_size(group, cells, len(grid.columns)), group))
    requirements: dict[int, set[str]] = {}
    for (_, number), one in cells.items():
        requirements.setdefault(number, set()).add(one.requirement)
    return Table(
        grid.title,
        tuple(
            (column.title, ", ".join(sorted(requirements.get(number, ()))))
            for number, column in enumerate(grid.columns)
        ),
        tuple((group, tuple(cells.get((group, number)) for number in range(len(grid.columns)))) for group in groups),
    )


def _group(measure: Measure) -> str:
    """Return the name of the group, without the word that says of which kind it is."""
    return measure.of.removeprefix(f"{measure.by} ")


def _size(group: str, cells: dict[tuple[str, int], Measure], columns: int) -> float:
    """Return how much a group counts: its leads where those are counted, else the leads behind its figures."""
    found = [cells[group, number] for number in range(columns) if (group, number) in cells]
    return max(one.value or 0.0 if one.unit == "leads" and columns == 1 else one.n for one in found)

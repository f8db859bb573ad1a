"""The measures of the hand-off, from counts that the statements return; pure. docs/reports.md defines each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.policy.document import Commitments
from workers.audit.policy.arithmetic import fisher, is_mismatch, leak, ratio, unexplained, wilson

Row = Mapping[str, Any]

#: What qualified leads pass on their way, in order.
STAGES = ("qualified", "assigned", "accepted", "touched", "meeting booked", "converted")
#: How long the first touch took, the fastest first.
BANDS = ("0 to 5 min", "5 to 30 min", "30 to 60 min", "over 60 min", "never")
#: An average month, for what is told per month.
_MONTH_DAYS = 30.4375
#: What is asked for and cannot be read from leads, custodies and decisions.
NOT_CARRIED = (
    ("R108", "meetings held or missed: only that a meeting was booked is recorded"),
    ("R126", "deals lost outside the CRM's opportunities: closed-lost needs the opportunity's id on the lead"),
    ("R127", "pipeline lost after the conversion: the report ends with the opportunity"),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of the report: the requirement it answers, what of, its value (None: nothing to measure) and n.

    `by` is the dimension whose group `of` names; blank for what is measured of everything.
    """

    requirement: str
    name: str
    of: str
    value: float | None
    unit: str
    n: int
    note: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the statements returned for a window of so many days."""

    days: float
    cells: Sequence[Row]
    stages: Sequence[Row]
    offers: Sequence[Row]
    queues: Sequence[Row]
    apart: Row

    def of(self, kind: str) -> list[Row]:
        """Return the cells of one dimension."""
        return [cell for cell in self.cells if cell["kind"] == kind]


def measure_all(loaded: Loaded, commitments: Commitments) -> list[Measure]:
    """Return every measure, in the order of the page."""
    total = next(iter(loaded.of("all")), None)
    if total is None or not total["delivered"]:
        return []
    parts = (
        _speed(loaded, total),
        _custody(loaded),
        _rates(loaded, total),
        _groups(loaded),
        _owners(loaded),
        _bands(loaded),
        _reconciled(loaded, total),
        _stages(loaded),
        _leak(loaded, total),
        _misses(loaded),
        _promises(loaded, total, commitments),
    )
    return [measure for part in parts for measure in part]


def _share(requirement: str, name: str, of: str, part: int, whole: int, note: str = "", by: str = "") -> Measure:
    return Measure(requirement, name, of, ratio(part, whole), "share", whole, note, by)


def _of(by: str, measures: Iterable[Measure]) -> Iterator[Measure]:
    """Say of measures which dimension they are taken by."""
    return (replace(one, by=by) for one in measures)


def _speed(loaded: Loaded, total: Row) -> Iterator[Measure]:
    for cell in loaded.of("week"):
        of, minutes = cell["name"], cell["touch_minutes"]
        yield Measure("R103", "median first touch", of, minutes, "minutes", cell["touched"], by="week")
    yield _share("R104", "assigned within 5 minutes", "all", total["assigned_in_5"], total["assigned"])
    for within in (10, 15):
        touched = total[f"touched_in_{within}"]
        yield _share("R066", f"touched within {within} minutes", "all", touched, total["assigned"])
    for cell in loaded.of("hours"):
        of = f"arrived {cell['name']}"
        minutes, touched = cell["touch_minutes"], cell["touched"]
        yield Measure("R077", "median first touch", of, minutes, "minutes", touched, by="hours")
        yield _share("R077", "touched", of, touched, cell["delivered"], by="hours")


def _custody(loaded: Loaded) -> Iterator[Measure]:
    for row in loaded.queues:
        of, leads = row["queue"], row["leads"]
        yield Measure("R106", "median age in queue", of, row["median_minutes"], "minutes", leads, by="queue")
        yield Measure("R106", "oldest in queue", of, row["oldest_minutes"], "minutes", leads, by="queue")
    apart = loaded.apart
    yield _share("R107", "reassigned to another rep", "all", apart["reassigned"], apart["assigned"])
    yield Measure(
        "R113",
        "moved by hand, first path kept",
        "all",
        apart["moved_by_hand"],
        "leads",
        apart["assigned"],
        "results are counted by the rule of the first custody",
    )
    yield _share("R117", "recycled with a reason", "all", apart["with_reason"], apart["recycled"])
    yield Measure("R126", "no owner", "now", apart["no_owner"], "leads", apart["no_owner"], "has to be none")
    yield Measure("R126", "closed lost", "now", apart["closed_lost"], "leads", apart["known_deals"])


def _rates(loaded: Loaded, total: Row) -> Iterator[Measure]:
    del loaded
    yield _share("R114", "qualified to sales accepted", "all", total["qualified_accepted"], total["qualified"])
    yield Measure("R115", "median acceptance", "all", total["accept_minutes"], "minutes", total["accepted"])
    yield _share("R116", "first activity of accepted", "all", total["accepted_touched"], total["accepted"])
    yield _share("R118", "opportunity rate of accepted", "all", total["accepted_converted"], total["accepted"])
    yield _share("R119", "qualified leads worked", "all", total["qualified_worked"], total["qualified"])
    yield _share("R124", "acceptance of assigned", "all", total["accepted"], total["assigned"])


def _groups(loaded: Loaded) -> Iterator[Measure]:
    for cell in loaded.of("source"):
        of, delivered = cell["name"], cell["delivered"]
        yield _share("R109", "opportunity rate by source", of, cell["converted"], delivered, by="source")
        yield _share("R010", "context complete by source", of, cell["complete"], delivered, by="source")
    for cell in loaded.of("path"):
        yield from _of("path", _path(cell))


def _path(cell: Row) -> Iterator[Measure]:
    of, worked, converted = cell["name"], cell["worked"], cell["converted"]
    yield _share("R109", "opportunity rate by path", of, converted, cell["delivered"])
    yield Measure("R112", "revenue per worked lead", of, ratio(cell["revenue"], worked), "money", worked)
    yield Measure("R123", "converted by path", of, converted, "leads", cell["delivered"])
    yield Measure("R123", "median time to conversion", of, cell["convert_days"], "days", converted)
    yield Measure("R129", "median assignment delay", of, cell["assign_minutes"], "minutes", cell["assigned"])
    yield _share("R130", "assigned, of what came this way", of, cell["assigned"], cell["delivered"])


def _owners(loaded: Loaded) -> Iterator[Measure]:
    reps = [cell for cell in loaded.of("rep") if cell["name"] != "no rep"]
    for cell in reps:
        of, delay = f"rep {cell['name']}", cell["assign_minutes"]
        yield _share("R108", "meeting rate by owner", cell["name"], cell["meetings"], cell["worked"], by="rep")
        yield Measure("R129", "median assignment delay", of, delay, "minutes", cell["assigned"], by="rep")
    yield from _mismatches(loaded)
    worth = {cell["name"]: ratio(cell["revenue"], cell["worked"]) or 0.0 for cell in loaded.of("lead type")}
    mixed = [cell for cell in loaded.of("rep and lead type") if cell["name"] != "no rep"]
    for cell in reps:
        own = [one for one in mixed if one["name"] == cell["name"]]
        value = sum(one["delivered"] * worth.get(one["lead_type"], 0.0) for one in own)
        yield Measure(
            "R061", "expected value of leads given", cell["name"], value, "money", cell["delivered"], by="rep"
        )


def _mismatches(loaded: Loaded) -> Iterator[Measure]:
    cells = [cell for cell in loaded.of("rep and lead type") if cell["name"] != "no rep"]
    for cell in cells:
        others = [one for one in cells if one["lead_type"] == cell["lead_type"] and one["name"] != cell["name"]]
        rivals = (sum(one["meetings"] for one in others), sum(one["worked"] for one in others))
        compared = (cell["meetings"], cell["worked"], *rivals)
        if is_mismatch(*compared):
            low, high = wilson(compared[0], compared[1]) or (0.0, 1.0)
            note = f"p {fisher(*compared):.3f}, 95 % {low:.0%} to {high:.0%}, others {compared[2] / compared[3]:.0%}"
            of = f"{cell['name']}, {cell['lead_type']}"
            yield _share(
                "R110", "possible routing mismatch", of, compared[0], compared[1], note, by="rep and lead type"
            )


def _bands(loaded: Loaded) -> Iterator[Measure]:
    rates: dict[str, float | None] = {}
    for cell in sorted(loaded.of("band"), key=lambda one: BANDS.index(one["name"])):
        of, converted, delivered = cell["name"], cell["converted"], cell["delivered"]
        rates[of] = ratio(converted, delivered)
        requirement = "R121" if of in {"0 to 5 min", "5 to 30 min"} else "R120"
        yield _share(requirement, "conversion by response time", of, converted, delivered, by="response time")
    first, later = rates.get("0 to 5 min"), rates.get("30 to 60 min")
    if first is not None and later:
        yield Measure("R120", "5 minutes against an hour", "all", first / later, "times", len(rates))


def _reconciled(loaded: Loaded, total: Row) -> Iterator[Measure]:
    items = {cell["name"]: cell["delivered"] - cell["worked"] for cell in loaded.of("place")}
    delivered, worked = total["delivered"], total["worked"]
    yield Measure("R122", "delivered", "all", delivered, "leads", delivered)
    yield Measure("R122", "worked", "all", worked, "leads", delivered)
    for place, leads in items.items():
        if leads:
            yield Measure("R122", "not worked", place, leads, "leads", delivered, by="place")
    difference = unexplained(delivered, worked, items)
    yield Measure("R122", "unexplained difference", "all", difference, "leads", delivered, "has to be zero")


def _stages(loaded: Loaded) -> Iterator[Measure]:
    for row in loaded.stages:
        name = STAGES[row["stage"]]
        reached = row["reached"]
        yield Measure("R124", "qualified leads that came as far", name, reached, "leads", reached, by="stage")
        if row["stage"] < len(STAGES) - 1:
            note = f"{row['under_way']:,} more are under way"
            yield _share("R127", "lost after the stage", name, row["lost"], reached, note, by="stage")


def _leak(loaded: Loaded, total: Row) -> Iterator[Measure]:
    lost = sum(row["lost"] for row in loaded.stages if row["stage"] < STAGES.index("touched"))
    qualified, worked = total["qualified"], total["worked"]
    leaking, months = ratio(lost, qualified) or 0.0, loaded.days / _MONTH_DAYS
    booking = ratio(total["meetings"], worked) or 0.0
    opening = min(1.0, ratio(total["converted"], total["meetings"]) or 0.0)
    cost = leak(qualified, leaking, booking, opening)
    yield _share("R111", "leak before the first touch", "qualified", lost, qualified)
    yield Measure("R111", "meetings lost to the leak", "window", cost.lost_meetings, "meetings", qualified)
    yield Measure(
        "R111", "opportunities lost to the leak", "window", cost.lost_opportunities, "opportunities", qualified
    )
    value = lost * (ratio(total["revenue"], worked) or 0.0) / months
    yield Measure("R128", "value of the leak", "per month", value, "money", lost, "at the revenue per worked lead")


def _misses(loaded: Loaded) -> Iterator[Measure]:
    for row in loaded.offers:
        # What waits for its answer, and has time, is neither kept nor missed.
        settled = row["offers"] - row["waiting"]
        if row["kind"] == "all":
            kept, note = settled - row["missed"], f"neither overdue nor silent; {row['waiting']:,} more are in time"
            yield _share("R105", "offers within SLA", "all", kept, settled, note)
            yield _share("R071", "offers lost to silence", "all", row["silent"], settled)
        else:
            of = f"{row['kind']} {row['name']}"
            yield _share("R129", "SLA misses", of, row["missed"], settled, by=row["kind"])


def _promises(loaded: Loaded, total: Row, promised: Commitments) -> Iterator[Measure]:
    marketing, sales = promised.marketing, promised.sales
    if marketing.qualified_per_week is not None:
        note = f"promised {marketing.qualified_per_week}"
        weekly = total["qualified"] / (loaded.days / 7)
        yield Measure("R076", "marketing: qualified per week", "all", weekly, "leads", total["qualified"], note)
    if marketing.context_complete is not None:
        note = f"promised {marketing.context_complete:.0%}"
        yield _share("R076", "marketing: context complete", "all", total["complete"], total["delivered"], note)
    if sales.accepted_within is not None:
        note = f"promised within {sales.accepted_within}"
        yield _share("R076", "sales: accepted in time", "all", total["accepted_in_time"], total["assigned"], note)
    if sales.first_touch_within is not None:
        note = f"promised within {sales.first_touch_within}"
        yield _share("R076", "sales: touched in time", "all", total["touched_in_time"], total["assigned"], note)

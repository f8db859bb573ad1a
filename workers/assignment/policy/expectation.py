"""What a policy must do with leads that somebody has named: the tests of a policy; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.errors import InputFileError
from shared.normal.email import normal_email
from shared.routing.policy.past import Verdict

#: The column that names the lead.
LEAD = ("lead",)
#: What can be expected of a lead, each a column of the file.
ASPECTS = ("owner", "pool", "rule", "status")
#: What may stand before a name, as in the policy.
_PREFIXES = {"pool": "pool:", "owner": "rep:"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """One line of a file: the lead by its id, an e-mail address or SOURCE:ID, and what is to come of it.

    Without any aspect the lead must keep the owner that it has on record.
    """

    line: int
    lead: str
    aspects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unmet:
    """One expectation that is not met: what was expected of the lead, and what comes of it instead."""

    line: int
    lead: str
    expected: str
    found: str


@dataclass(slots=True)
class Expectations:
    """The expectations of a file, held against the leads as they come by."""

    by_lead: dict[str, list[Expectation]]
    unmet: list[Unmet] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, expectations: Iterable[Expectation]) -> "Expectations":
        """Sort them by the leads that they name."""
        by_lead: dict[str, list[Expectation]] = {}
        for one in expectations:
            by_lead.setdefault(_key(one.lead), []).append(one)
        return cls(by_lead)

    def hold_against(self, names: Sequence[str], now: Verdict, was: Verdict | None = None) -> None:
        """Hold one lead, by all its names, against what was expected of it."""
        for name in names:
            for one in self.by_lead.get(name, ()):
                self._seen.add(one.line)
                self.unmet += _differences(one, now, was)

    def finish(self) -> tuple[Unmet, ...]:
        """Return all that were not met, in the order of the file; a lead that never came by is one of them."""
        missing = [
            Unmet(one.line, one.lead, "a lead", "no lead of this name was among them")
            for expectations in self.by_lead.values()
            for one in expectations
            if one.line not in self._seen
        ]
        return tuple(sorted([*self.unmet, *missing], key=lambda one: (one.line, one.expected)))


def read_expectations(rows: Iterable[tuple[int, Mapping[str, str]]]) -> Expectations:
    """Read the rows of a file, each with its line; raises InputFileError for a row that says nothing."""
    return Expectations.of(_read(line, row) for line, row in rows)


def _read(line: int, row: Mapping[str, str]) -> Expectation:
    lead = row["lead"].strip()
    if not lead:
        raise InputFileError(f"Line {line} names no lead: give its id, an e-mail address, or SOURCE:ID of its event.")
    given = {name: row.get(name, "").removeprefix(_PREFIXES.get(name, "")) for name in ASPECTS}
    return Expectation(line, lead, {name: value for name, value in given.items() if value})


def _key(lead: str) -> str:
    """Return the name by which a lead comes by: e-mail addresses in their normal form."""
    email = normal_email(lead) if "@" in lead else None
    return email.key if email else lead


def _differences(one: Expectation, now: Verdict, was: Verdict | None) -> list[Unmet]:
    if not one.aspects:
        kept = was is None or (was.status, was.owner) == (now.status, now.owner)
        return [] if kept else [Unmet(one.line, one.lead, f"still {_said(was)}", _said(now))]
    found = {
        "owner": [now.owner or "", now.target or "" if now.rep is None else ""],
        "pool": [now.pool or ""],
        "rule": [now.rule or ""],
        "status": [now.status],
    }
    return [
        Unmet(one.line, one.lead, f"{name} {expected}", f"{name} {found[name][0] or 'none'}")
        for name, expected in one.aspects.items()
        if expected not in found[name]
    ]


def _said(verdict: Verdict | None) -> str:
    if verdict is None:
        return "nothing"
    return f"{verdict.status}: {verdict.owner}" if verdict.owner else verdict.status

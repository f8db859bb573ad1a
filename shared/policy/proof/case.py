"""The case of one policy: what is proved about it, with every lead that is shown asked of the real rules before."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from shared.policy.condition import fields_of
from shared.policy.document import PolicyDocument, Rule
from shared.policy.errors import Finding, info
from shared.policy.fields import REGION_FIELDS, SEGMENT_FIELDS
from shared.policy.proof.facts import fact_space
from shared.policy.proof.formulas import Formula
from shared.policy.proof.leads import Court, Lead, Verdict, lead_of
from shared.policy.proof.universe import Solution, Universe

#: Examples that are made short and everyday; further ones are shown as the solver gives them, which is less work.
_MOST_SIMPLE: Final = 100


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A lead that the real rules have been asked about."""

    lead: Lead
    verdict: Verdict


class Case:
    """A policy before the solver and before its own rules."""

    def __init__(self, document: PolicyDocument) -> None:
        self.document = document
        self.rules: tuple[Rule, ...] = document.rules
        self.universe = Universe(fact_space(document))
        self._court = Court(self.universe.space)
        self._shown = 0

    def exhibit(self, solution: Solution) -> Exhibit:
        """Take a solution to the real rules."""
        lead = lead_of(solution, self.universe.space)
        return Exhibit(lead, self._court.judge(lead))

    @property
    def in_detail(self) -> bool:
        """Say whether few enough findings were told for each to be worth the work of telling it well."""
        return self._shown < _MOST_SIMPLE

    def simple(self, *wanted: Formula, rules: Iterable[int], known: Solution) -> Solution:
        """The simplest lead for which all of this holds, or the one that is known where enough were looked for."""
        if not self.in_detail:
            return known
        self._shown += 1
        fields = {field for number in rules for field in fields_of(self.rules[number].when)}
        return self.universe.simplest(*wanted, about=self._behind(fields), known=()) or known

    def _behind(self, fields: set[str]) -> set[str]:
        """The facts that fields come from; nearly every lead needs its type to be qualified."""
        facts = fields | {"lead_type"}
        for field, behind in (("region", REGION_FIELDS), ("segment", SEGMENT_FIELDS)):
            facts |= set(behind) if field in fields else set()
        return facts

    def shown(self, finding: Finding, solution: Solution, confirms: Callable[[Verdict], bool]) -> Finding:
        """The finding with its lead, if the real rules confirm it; else a finding that says that they do not."""
        exhibit = self.exhibit(solution)
        if confirms(exhibit.verdict):
            return replace(finding, example=exhibit.lead.data, beside=exhibit.lead.beside)
        message = (
            f"the proof found that {finding.message}, and its example was not confirmed: this is a mistake in Baton"
        )
        return info("proof.disagrees", message, finding.line, "please report it with this policy")


def listed(names: Iterable[str]) -> str:
    """Write names for people: `a`, `b` and 3 more."""
    each = [f"`{name}`" for name in dict.fromkeys(names)]
    shown = each if len(each) <= 4 else [*each[:3], f"{len(each) - 3} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"

"""The order of rules: labels of tiers, steps backwards, and the ranges of the vocabulary."""

from collections.abc import Iterator

from shared.policy.condition import fields_of
from shared.policy.document import PolicyDocument
from shared.policy.errors import Finding, error, warning
from shared.policy.ranges import TOP, gaps, overlaps

#: A company has at least one employee.
_SMALLEST_COMPANY = 1


def check_order(document: PolicyDocument) -> Iterator[Finding]:
    """Wrong labels, and rules that stand after weaker ones without saying why."""
    ranks = {tier: rank for rank, tier in enumerate(document.precedence)}
    before = None
    for rule in document.rules:
        if rule.tier_given is not None and rule.tier_given is not rule.tier:
            tested = ", ".join(fields_of(rule.when)) or "nothing"
            message = f"the rule `{rule.name}` is of the tier {rule.tier}, not {rule.tier_given}: it tests {tested}"
            yield error("rule.tier", message, rule.line, f"write `tier: {rule.tier}`, or leave it out")
        if rule.because:
            continue
        if before is not None and ranks[rule.tier] < ranks[before.tier]:
            message = f"the rule `{rule.name}` ({rule.tier}) stands after `{before.name}` ({before.tier})"
            mend = f"move it before `{before.name}`, or say why with `because`"
            yield warning("rule.backwards", message, rule.line, mend)
        else:
            before = rule


def check_ranges(document: PolicyDocument) -> Iterator[Finding]:
    """Segments must share out all company sizes, each to one segment."""
    segments = document.vocabulary.segment
    definitions = [(one.name, one.when) for one in segments]
    for low, high in gaps(definitions, _SMALLEST_COMPANY) if segments else ():
        size = (
            f"{low} employees and more"
            if high == TOP
            else f"{low} to {high} employees"
            if low < high
            else f"{low} employees"
        )
        message = f"no segment takes a company with {size}"
        yield error("segment.gap", message, segments[0].line, "widen a segment", {"employees": low})
    for first, second, shared in overlaps(definitions):
        line = next(one.line for one in segments if one.name == second)
        message = f"the segments `{first}` and `{second}` both take a company with {shared} employees"
        yield error("segment.overlap", message, line, "let one end where the other begins", {"employees": shared})

"""What can be wrong with a routing policy, said so that its owner can mend it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import RefusedError

# A document with more mistakes than this is not mended from one list.
_MOST_SHOWN = 50


class Severity(StrEnum):
    """How much a finding weighs: an error refuses the policy, a warning asks for a yes, info only tells."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth knowing; line and column count from 1, line 0 is the whole document.

    `example` is a lead that shows it, as the `data` of a submission, where there is one; `beside` is what its account,
    its signals or enrichment would have to say as well.
    """

    severity: Severity
    code: str
    message: str
    line: int = 0
    column: int = 0
    mend: str = ""
    example: Mapping[str, object] | None = None
    beside: Mapping[str, object] | None = None

    @property
    def place(self) -> str:
        """Name the place for a person."""
        return f"line {self.line}" if self.line else "the document"

    def __str__(self) -> str:
        """Write the finding as one line: place, severity, message, mend."""
        mend = f"; {self.mend}" if self.mend else ""
        return f"{self.place}: {self.severity}: {self.message}{mend}"


class PolicyError(RefusedError):
    """The routing policy cannot be used; the findings say where and why."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Keep the findings, in the order of the document."""
        self.findings: tuple[Finding, ...] = tuple(sorted(findings, key=lambda one: (one.line, one.column)))
        super().__init__(_render(self.findings))


def _render(findings: tuple[Finding, ...]) -> str:
    """Write all findings as one readable text."""
    if len(findings) == 1:
        return f"the routing policy cannot be used: {findings[0]}"
    lines = [f"the routing policy cannot be used, {len(findings)} findings:"]
    lines += [f"  {finding}" for finding in findings[:_MOST_SHOWN]]
    if len(findings) > _MOST_SHOWN:
        lines.append(f"  and {len(findings) - _MOST_SHOWN} more")
    return "\n".join(lines)


def _column(line: int) -> int:
    """The column in which something starts, where its line knows it."""
    return int(getattr(line, "column", 0))


def error(code: str, message: str, line: int, mend: str = "", example: Mapping[str, object] | None = None) -> Finding:
    """A finding that refuses the policy."""
    return Finding(Severity.ERROR, code, message, int(line), _column(line), mend, example)


def warning(code: str, message: str, line: int, mend: str = "", example: Mapping[str, object] | None = None) -> Finding:
    """A finding that asks for a yes."""
    return Finding(Severity.WARNING, code, message, int(line), _column(line), mend, example)


def info(code: str, message: str, line: int, mend: str = "", example: Mapping[str, object] | None = None) -> Finding:
    """A finding that only tells."""
    return Finding(Severity.INFO, code, message, int(line), _column(line), mend, example)

"""A policy that a command names: a version by its number, `live` for the one in force, or a file."""

from dataclasses import dataclass, field

from shared.bus.context import Context
from shared.db.transaction import Transaction
from shared.policy.document import PolicyDocument
from shared.policy.parse import parse_policy
from workers.assignment.ops.find import active_policy
from workers.assignment.ops.policies import read_document
from workers.assignment.queries import versions as queries

#: Stands for the policy in force where a version or a file is expected.
LIVE = "live"


@dataclass(frozen=True, slots=True)
class Source:
    """A policy with what it was named by; `version` None is a file, whose version is not stored."""

    reference: str
    version: int | None
    text: str
    document: PolicyDocument = field(repr=False)

    @property
    def label(self) -> str:
        """Name it for a person."""
        where = self.reference if self.version is None else f"version {self.version}"
        return f"{where} ({self.document.name})"


def is_stored(reference: str) -> bool:
    """Say whether a reference means something in the database; a file called `7` is written `./7`."""
    return reference == LIVE or reference.isdecimal()


def read_file(reference: str) -> Source:
    """Return the policy of a file; PolicyError says with lines why it cannot be read."""
    text = read_document(reference)
    return Source(reference, None, text, parse_policy(text))


def find_policy(tx: Transaction, context: Context, reference: str) -> Source:
    """Return a policy by number, `live` or file; raises RefusedError for a version that there is not."""
    if not is_stored(reference):
        return read_file(reference)
    shelf = context.policies
    version = active_policy(tx, shelf) if reference == LIVE else shelf.version(tx, int(reference))
    row = queries.load_document(tx, version.number) or {}
    return Source(reference, version.number, row["document"], version.policy.document)

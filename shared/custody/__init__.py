"""Who holds a lead, since when, on which clock, debited to which ledger: the only code that starts or ends it.

Assignment, deadlines, ledger, load, decision and notice are written in the caller's transaction, set-based: the number
of statements does not depend on the number of leads. Callers hold the locks in the one order of the house:
lead (by id), person key (sorted), pool (sorted), rep (sorted), then assignment and deadline.
"""

from shared.custody.apply import apply_moves, write_notices
from shared.custody.move import Move, Notice, Step

__all__ = ["Move", "Notice", "Step", "apply_moves", "write_notices"]

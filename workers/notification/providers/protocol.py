"""What can carry a message."""

from typing import Protocol

from workers.notification.policy.letter import Letter
from workers.notification.policy.retrying import Reply


class Courier(Protocol):
    """Carries one message to its receiver; used from several threads at once."""

    def deliver(self, letter: Letter) -> Reply:
        """Make one attempt; a failure of the outside is a reply and never an error."""

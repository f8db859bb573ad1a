"""Every statement of the assignment: deciding, what ops change, and what they look at."""

"""Which leads a plan moves to whom, what a batch of it does, and how it is undone; pure."""

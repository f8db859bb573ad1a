"""The clock is kept: deadlines, the sweep, the keeper."""

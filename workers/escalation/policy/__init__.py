"""Pure rules of the clock: sweeping, firing, and what answers are allowed."""

"""Every statement of the clock, one function each."""

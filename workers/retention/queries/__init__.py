"""Every statement of retention, one function each."""

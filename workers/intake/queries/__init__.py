"""Every statement of intake, one function each."""

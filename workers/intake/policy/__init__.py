"""Pure rules of intake: reading events and reference records."""

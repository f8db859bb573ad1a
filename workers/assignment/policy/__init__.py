"""Who gets a lead: rules and pools, pure."""

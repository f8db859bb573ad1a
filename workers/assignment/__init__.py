"""An owner is chosen: rules, pools, balancing."""

"""Pure decisions over a whole batch: route by the rules, place within pools, and say it as moves of custody."""

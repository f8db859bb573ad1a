"""Who would get leads that are still to come: many at once, at an instant that is still to come."""

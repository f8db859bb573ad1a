"""The rooms: each is a process type that can be scaled alone."""

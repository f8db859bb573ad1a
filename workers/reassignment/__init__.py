"""Many leads are moved: plan, apply, pause, undo."""

"""Rules and arithmetic of audit and reports: replaying decisions, measures, plots; pure."""

"""Celery over Redis: application, tasks, queues, hand-off, and the stream of events."""

"""What `make run` shows a stranger: a stream of leads through the whole system, and what became of them."""

from workers.demo.cli import commands

__all__ = ["commands"]

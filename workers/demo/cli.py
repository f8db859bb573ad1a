"""The command `baton demo`; what it needs is imported when it runs, for every other command passes by here."""

import importlib

import click

from shared.console import with_settings
from shared.settings import Settings


@click.command()
@click.option("--leads", default=2400, show_default=True, type=click.IntRange(20, 20_000), help="Submissions.")
@click.option("--keep", is_flag=True, help="Leave the system running after the report, until Ctrl-C.")
@with_settings
def demo(settings: Settings, *, leads: int, keep: bool) -> int:
    """Route the bundled leads through the whole system, on a database of its own, and explain the result."""
    code: int = importlib.import_module("workers.demo.run").run(settings, leads=leads, keep=keep)
    return code


commands: list[click.Command] = [demo]

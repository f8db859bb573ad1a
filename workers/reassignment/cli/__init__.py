"""`baton reassign`: many leads at once, planned, reviewed, moved, and moved back."""

import click

from workers.reassignment.cli.plan import plan, show
from workers.reassignment.cli.run import apply, cancel, pause, resume, status, undo


@click.group()
def reassign() -> None:
    """Move many leads at once: plan, look, apply, and undo.

    `plan` writes down who would get which lead and moves nothing. `apply` moves what was planned, in batches, on the
    queue and worker `reassignment`; a lead that changed since is skipped and listed. `undo` brings back every lead
    that nobody touched.
    """


for _command in (plan, show, apply, pause, resume, cancel, undo, status):
    reassign.add_command(_command)

commands: list[click.Command] = [reassign]

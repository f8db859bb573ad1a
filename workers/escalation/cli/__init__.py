"""The clock's commands: what a rep's CRM would send, claims, deadlines, and the pause of moves."""

import click

from workers.escalation.cli.answers import lead, queue
from workers.escalation.cli.deadline import deadline
from workers.escalation.cli.pause import escalation

commands: list[click.Command] = [lead, queue, deadline, escalation]

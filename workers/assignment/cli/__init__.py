"""The commands with which ops work policies, leads, queues and pools."""

import click

from workers.assignment.cli import backtest, policy_import, versions
from workers.assignment.cli.lead import lead
from workers.assignment.cli.policy import policy
from workers.assignment.cli.pool import pool
from workers.assignment.cli.queue import queue

commands: list[click.Command] = [policy, versions.policy, policy_import.policy, backtest.policy, lead, queue, pool]

"""The commands with which events and reference data come in, and what could not be read is worked."""

import click

from workers.intake.cli.publish import publish
from workers.intake.cli.quarantine import quarantine
from workers.intake.cli.rep import rep
from workers.intake.cli.sync import sync
from workers.intake.cli.wait import wait

commands: list[click.Command] = [sync, publish, wait, quarantine, rep]

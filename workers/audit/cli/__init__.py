"""The commands of the audit and of the reports."""

import click

from workers.audit.cli import diagnosis, handoff, recovery, reports
from workers.audit.cli.audit import audit, report

for _command in (
    reports.coaching,
    reports.team,
    reports.weights,
    handoff.handoff,
    recovery.recovery,
    diagnosis.diagnosis,
):
    report.add_command(_command)

commands: list[click.Command] = [audit, report]

"""Reads what another system exported of its rules, and returns a policy with what became of each part."""

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shared.errors import InputFileError, RefusedError
from shared.policy.salesforce.convert import Given, Imported, import_rule
from shared.policy.salesforce.fields import read_fields
from shared.policy.salesforce.hours import NO_HOURS, Hours, read_hours
from shared.policy.salesforce.places import read_queues, read_users
from shared.policy.salesforce.rules import choose, read_rules
from workers.assignment.ops.policies import read_document


@dataclass(frozen=True, slots=True)
class SalesforceFiles:
    """The files of an import from Salesforce: the rules, and beside them what the person has."""

    rules: str
    users: str | None = None
    queues: str | None = None
    fields: str | None = None
    business_hours: str | None = None


def import_salesforce(files: SalesforceFiles, rule: str | None, owner: str, today: date) -> Imported:
    """Turn the active rule of a file, or the one named, into a policy."""
    rules = read_rules(_bytes(files.rules), files.rules)
    chosen = choose(rules, rule, files.rules)
    given = Given(
        owner=owner,
        users=read_users(read_document(files.users), files.users) if files.users else None,
        queues=read_queues(read_document(files.queues), files.queues) if files.queues else {},
        fields=read_fields(read_document(files.fields), files.fields) if files.fields else {},
        hours=_hours(files.business_hours, today) if files.business_hours else NO_HOURS,
    )
    return import_rule(chosen, [one for one in rules if one is not chosen], given)


def write_new(file: str, text: str) -> None:
    """Write a file that is not there yet; what somebody may have edited is never replaced."""
    try:
        with Path(file).open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise RefusedError(f"{file} is there already and may hold edits: choose another name, or remove it.") from error
    except OSError as error:
        raise InputFileError(f"{file} cannot be written: {error.strerror}.") from error


def _hours(file: str, today: date) -> Hours:
    return read_hours(_bytes(file), file, today)


def _bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InputFileError(f"{file} cannot be read: {error.strerror}.") from error

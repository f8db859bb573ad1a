"""The diagnosis: in which layer leads break first, what patterns they show, and whose side it is."""

from datetime import timedelta
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.console import json_option, print_json, print_records, say, with_settings
from shared.db.transaction import transaction
from shared.domain.duration import parse_duration
from shared.errors import UsageError
from shared.settings import Settings
from workers.audit.policy import diagnosis as policy
from workers.audit.policy.diagnosis import CONFUSION, Finding, Group
from workers.audit.queries.diagnosis import DIMENSIONS, load_groups, load_latency, load_named_failures

_LONGEST = timedelta(days=366)
_SHOWN = 5


@click.command("diagnosis")
@click.option("--since", default="30d", show_default=True, help="How far to look back, at most 366d.")
@click.option("--by", type=click.Choice(sorted(DIMENSIONS)), default="source", show_default=True, help="Break down by.")
@click.option(
    "--stale", default="7d", show_default=True, help="An accepted lead without news for so long is abandoned."
)
@json_option
@with_settings
def diagnosis(settings: Settings, *, since: str, by: str, stale: str, as_json: bool) -> None:
    """Show in which layer leads break first: capture, qualification, routing, action, status or outcome."""
    window = parse_duration(since)
    if not timedelta() < window <= _LONGEST:
        raise UsageError(f"--since {since} is no window of more than nothing and at most 366d.")
    with open_context(settings) as context, transaction(context.engine) as tx:
        groups = load_groups(tx, window, by, parse_duration(stale))
        failures = [_with_examples(one) for one in load_named_failures(tx, window)]
        latency = load_latency(tx, window, by)
    found = _document(groups, failures, latency)
    if as_json:
        print_json(found)
    elif not groups:
        say(f"No lead was received in the last {since}.")
    else:
        _show(found, by)


def _document(
    groups: list[Group], failures: list[dict[str, Any]], latency: dict[str, tuple[float | None, float | None]]
) -> dict[str, Any]:
    total = sum(one.leads for one in groups)
    return {
        "leads": total,
        "layers": [
            {"layer": str(layer), "confusion": CONFUSION[layer], **_counted(one, total)}
            for layer, one in policy.layers(groups).items()
        ],
        "patterns": [{"pattern": name, **_counted(one, total)} for name, one in policy.patterns(groups).items()],
        "failures": failures,
        "split": policy.split(groups),
        "groups": [one | _times(latency.get(one["of"], (None, None))) for one in policy.by_group(groups)],
    }


def _counted(finding: Finding, total: int) -> dict[str, Any]:
    examples = sorted(finding.examples, reverse=True)[:_SHOWN]
    return {"leads": finding.leads, "share": round(finding.leads / total, 4), "examples": examples}


def _with_examples(failure: dict[str, Any]) -> dict[str, Any]:
    return {**failure, "examples": list(failure["examples"])}


def _times(medians: tuple[float | None, float | None]) -> dict[str, float | None]:
    assign, touch = (None if one is None else round(one, 1) for one in medians)
    return {"minutes_to_owner": assign, "minutes_to_touch": touch}


def _show(found: dict[str, Any], by: str) -> None:
    layers = [_readable(one) for one in found["layers"]]
    broken = sum(one["leads"] for one in found["layers"])
    say(f"{found['leads']} leads, without test leads and repetitions; {broken} are broken somewhere.")
    print_records(layers, as_json=False, title="The first layer that is broken", none="No layer is broken.")
    print_records([_readable(one) for one in found["patterns"]], as_json=False, title="Patterns")
    print_records([_readable(one) for one in found["failures"]], as_json=False, title="Failures with a name")
    print_records(found["split"], as_json=False, title="Is it the lead or the process?")
    lines = [{by: one["of"], **{name: value for name, value in one.items() if name != "of"}} for one in found["groups"]]
    print_records(lines, as_json=False, title=f"By {by}: leads that break first in each layer")
    say("`baton lead show ID` explains any of them; `baton report conditions` counts the fields behind the first two.")


def _readable(one: dict[str, Any]) -> dict[str, Any]:
    shares = {"share": f"{one['share']:.1%}"} if "share" in one else {}
    return {**one, **shares, "examples": ", ".join(map(str, one["examples"]))}

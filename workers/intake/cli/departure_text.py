"""What hangs on a rep who departs, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.policy.mentions import Seat
from shared.policy.wording import share_words
from workers.intake.departing import DepartureReport, Going

_NOTHING = "nothing hangs on them: no leads, rules, pools, accounts or open opportunities"


def departure_lines(report: DepartureReport) -> list[str]:
    """Say what hangs on the rep, line by line: leads first, then what somebody has to mend."""
    lines = [*_lead_lines(report), *_policy_lines(report)]
    team = f" of team {report.team}" if report.team else ""
    accounts, deals = report.accounts, report.opportunities
    if accounts["owned"]:
        named = f", {accounts['named']:,} of them named" if accounts["named"] else ""
        count = f"{accounts['owned']:,} account{'s' if accounts['owned'] != 1 else ''}"
        lines.append(f"owns {count}{named}: {_first(accounts)}; the CRM wants a new owner there")
    if deals["owned"]:
        count = f"{deals['owned']:,} open opportunit{'ies' if deals['owned'] != 1 else 'y'}"
        lines.append(f"owns {count}: {_first(deals)}; the CRM wants a new owner there")
    lines += [
        f"stands in for {one['rep_id']} from {one['starts_at']:%Y-%m-%d %H:%M} to {one['ends_at']:%Y-%m-%d %H:%M} UTC"
        for one in report.stands_in
    ]
    return [f"is {report.name}{team}", *(lines or [_NOTHING])]


def _lead_lines(report: DepartureReport) -> list[str]:
    if not report.open_leads:
        return []
    by_status = ", ".join(f"{count:,} {status}" for status, count in report.leads.items())
    head = f"holds {report.open_leads:,} open leads ({by_status}); decided again as things stand, they go:"
    return [head, *(f"  {_going(one)}" for one in report.going)]


def _going(going: Going) -> str:
    pool = f" by pool:{going.pool}" if going.pool else ""
    return f"{going.leads:,} to {going.to}{pool}"


def _policy_lines(report: DepartureReport) -> list[str]:
    hangs = report.hangs
    lines = [
        f"is named by rule {one.rule} (line {one.line}); its leads go to {', then '.join(one.then) or 'nobody'}"
        for one in hangs.rules
    ]
    lines += [f"is {_in(one)} pool {one.name}{_share(one)}: {_left(one)}" for one in hangs.pools]
    lines += [f"may claim from queue {one.name}: {_left(one)}" for one in hangs.queues]
    lines += [
        f"counts in version {one.version} ({one.name}), which is planned: {_parts(one.rules, one.pools)}"
        for one in report.planned
    ]
    return lines


def _in(seat: Seat) -> str:
    return "named by" if seat.named else "in"


def _share(seat: Seat) -> str:
    return f" with {share_words(round(seat.share, 3))} of its leads" if seat.share is not None else ""


def _left(seat: Seat) -> str:
    if seat.is_emptied:
        then = f", its leads go to {', then '.join(seat.then)}" if seat.then else ""
        return f"nobody is left{then}"
    return f"{seat.left:,} active {'member is' if seat.left == 1 else 'members are'} left"


def _parts(rules: Sequence[str], pools: Sequence[str]) -> str:
    named = [f"rule {one}" for one in rules] + [f"pool {one}" for one in pools]
    return ", ".join(named)


def _first(owned: Mapping[str, Any]) -> str:
    more = owned["owned"] - len(owned["first"])
    return f"{', '.join(owned['first'])}{f' and {more:,} more' if more else ''}"

"""A lead's page as text for a person."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.console import print_table, say
from shared.policy.explain import RuleTrace, TestTrace
from workers.assignment.cli.options import instant_words
from workers.assignment.policy.explain import Explanation
from workers.assignment.policy.wording import due_words
from workers.assignment.view import Fact, LeadPage, Moment, Reason, Tick

#: Facts that only serve to find the same person and company again; `--json` has them.
_FOR_MATCHING = frozenset({"email_key", "email_domain", "company_key", "last_name_key", "low_identification"})
#: Worth a word only when they hold.
_ODD = frozenset({"free_mail", "disposable"})
#: What sales did with a lead, in the order in which it happens.
_MILESTONES = ("qualified_at", "assigned_at", "accepted_at", "first_touch_at", "meeting_booked_at", "converted_at")


def print_lead(page: LeadPage, now: datetime) -> None:
    """Print everything that is known of a lead."""
    _print_head(page, now)
    print_fact_table(page.facts, page.sheet)
    if page.reason is not None:
        print_reason(page.reason)
    _print_timeline(page.timeline, page.dropped_decisions)
    _print_rest(page)


def _print_head(page: LeadPage, now: datetime) -> None:
    lead, known = page.lead, {one.field: one.value for one in page.facts}
    name = " ".join(str(known[part]) for part in ("first_name", "last_name") if part in known)
    who = ", ".join(part for part in (name, _text(known.get("email")), _text(known.get("company"))) if part)
    say(f"Lead {lead['lead_id']} is {lead['status']}{': ' if who else ''}{who}{' (a test)' if lead['test'] else ''}")
    came = due_words(lead["received_at"], now)
    say(f"  came    {lead['event_source']} {lead['event_id']}, {instant_words(lead['received_at'])} UTC, {came}")
    if lead["merged_into"] is not None:
        say(f"  joined  lead {lead['merged_into']}, the same person")
    if lead["account_id"] is not None:
        say(f"  account {lead['account_id']}")
    for line in (*_owner_lines(page, now), *(f"  clock   {one}" for one in clock_lines(page.clock))):
        say(line)
    reached = [
        f"{name.removesuffix('_at').replace('_', ' ')} {instant_words(lead[name])}"
        for name in _MILESTONES
        if lead[name]
    ]
    say(f"  so far  {', '.join(reached) or 'nothing'}")


def _owner_lines(page: LeadPage, now: datetime) -> Iterable[str]:
    owner, hold = page.owner, page.hold
    if owner is not None:
        name = f" ({owner['owner_name']})" if owner["owner_name"] else ""
        how = f"by {owner['reason'].replace('_', ' ')}{f' {rule}' if (rule := owner['rule']) else ''}"
        pool = f", pool {owner['pool']}" if owner["pool"] else ""
        marks = ", overdue" if owner["overdue_at"] else ""
        since = due_words(owner["started_at"], now)
        yield f"  owner   {owner['owner_kind']} {owner['owner']}{name}, {since}, {how}{pool}{marks}"
    elif page.lead["track"]:
        yield f"  track   {page.lead['track']}, nobody holds it"
    if hold is not None:
        answers = f"; {hold.queue_owner} answers for it" if hold.queue_owner else ""
        yield f"  held    {hold.reason}: {hold.words}{answers}"
        if hold.mend:
            yield f"  mend    {hold.mend}"


def clock_lines(clock: Sequence[Tick]) -> list[str]:
    """Say what happens when, if nothing else does."""
    lines = []
    for one in clock:
        detail = one.detail or {}
        to = f" {detail['to']}" if detail.get("to") else ""
        told = f", {detail['notify']} is told" if detail.get("notify") else ""
        deferred = f", deferred until {instant_words(one.deferred_until)}" if one.deferred_until else ""
        lines.append(f"{one.action.replace('_', ' ')}{to} {one.due} ({one.ladder} {one.step}{told}{deferred})")
    return lines


def print_fact_table(facts: Sequence[Fact], sheet: Mapping[str, Any]) -> None:
    """Print the facts with their origins, and what is wrong with them."""
    say()
    told = [one for one in facts if one.field not in _FOR_MATCHING and not (one.field in _ODD and one.value is False)]
    print_table(["fact", "value", "origin"], [(one.field, _text(one.value), one.origin) for one in told])
    print_gaps(sheet)


def print_gaps(sheet: Mapping[str, Any]) -> None:
    """Print what is wrong with the facts."""
    if sheet.get("blanks"):
        say(f"  blank: {', '.join(sheet['blanks'])}")
    for name, given in (sheet.get("bad") or {}).items():
        say(f"  not understood: {name} {given!r}")
    for name, given in (sheet.get("mended") or {}).items():
        say(f"  mended: {name} was written {given!r}")
    for one in sheet.get("conflicts") or ():
        say(f"  conflict: {one.get('field')}: {one.get('a')} and {one.get('b')}")
    if sheet.get("missing_providers"):
        say(f"  no answer from {', '.join(sheet['missing_providers'])}")


def print_reason(reason: Reason) -> None:
    """Print why the rules decided as they did."""
    say()
    say(f"Why (decision {reason.sequence}, policy version {reason.policy_version}): {headline(reason.explanation)}")
    print_rules(reason.conditions, reason.passed_over)
    say(f"  tried: {'; '.join(reason.tried) or 'nothing'}")
    if reason.first_action:
        say(f"  expected first: {reason.first_action.get('task')}")
    if reason.colleagues:
        say()
        title = f"Pool {reason.pool} at {instant_words(reason.pool_taken_at)} UTC"
        rows = [(one.rep_id, "got it" if one.chosen else "", one.why, one.open_leads) for one in reason.colleagues]
        print_table(["rep", "", "why", "open leads"], rows, title)
    for difference in reason.replay.differences:
        say(f"  REPLAY DIFFERS: {difference}")


def headline(asked: Explanation) -> str:
    """Say what decided: a rule, a fact that is not understood, or the qualification."""
    if asked.rule is not None:
        because = f": {asked.because}" if asked.because else ""
        return f"rule {asked.rule}, tier {asked.tier}{because}"
    if asked.outcome == "rule":
        return "sent on, no rule was asked"
    if asked.held_by is not None:
        return f"held before any rule could take it, {asked.held_by}"
    return f"not qualified, {', '.join(asked.qualification.failed)}"


def print_rules(decisive: RuleTrace | None, passed_over: Sequence[RuleTrace]) -> None:
    """Print the deciding rule's conditions, and what spoke against those before it."""
    if decisive is not None:
        tests = [(one.field, one.expected, found_words(one), _truth(one.result)) for one in decisive.tests]
        if tests:
            print_table(["field", "expected", "found", "holds"], tests)
        else:
            say("  it takes every lead that gets so far")
    if passed_over:
        print_table(
            ["rule before it", "asks", "why not"], [(one.name, one.condition, against(one)) for one in passed_over]
        )


def against(rule: RuleTrace) -> str:
    """Say what kept a rule from taking the lead."""
    if rule.skipped:
        return "only for qualified leads"
    wanted: bool | None = False if rule.result is False else None
    told = [f"{one.field} is {found_words(one)}" for one in rule.tests if one.result is wanted]
    return ", ".join(dict.fromkeys(told)) or "its condition does not hold"


def found_words(test: TestTrace) -> str:
    """Say what was found for a field."""
    if test.found == "":
        return "none of them"
    if test.found is None:
        return f"not understood: {test.given!r}" if test.given is not None else "unknown"
    return _text(test.found)


def _truth(result: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[result]


def _print_timeline(timeline: Sequence[Moment], dropped: int) -> None:
    say()
    if dropped:
        say(f"  {dropped} older decisions were dropped, for the lead had ended (baton retention)")
    if not timeline:
        return
    rows = [
        (
            one.sequence,
            instant_words(one.decided_at),
            f"+{one.after}",
            one.stage,
            one.outcome,
            "\n".join([*one.reasons, *([f"by {one.made_by}"] if one.made_by else [])]),
        )
        for one in timeline
    ]
    print_table(["#", "decided (UTC)", "after", "stage", "outcome", "why"], rows)


def _print_rest(page: LeadPage) -> None:
    if page.joined:
        say(f"  joined by: {', '.join(str(one['lead_id']) for one in page.joined)}")
    if len(page.custodies) > 1:
        say()
        rows = [
            (
                one["epoch"],
                one["owner"],
                one["reason"],
                instant_words(one["started_at"]),
                instant_words(one["ended_at"]),
                one["end_reason"],
            )
            for one in page.custodies
        ]
        print_table(["epoch", "holder", "by", "since (UTC)", "until (UTC)", "ended by"], rows)
    if page.notices:
        say()
        told = [
            (one["kind"], one["recipient"], instant_words(one["created_at"]), one["outcome"]) for one in page.notices
        ]
        print_table(["notice", "to", "written (UTC)", "outcome"], told)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    return str(value)

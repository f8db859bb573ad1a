"""The chapters about time: what happens if nobody acts, when somebody is away, in which hours, and what comes back."""

from collections.abc import Sequence
from datetime import date

from shared.domain.rep import Roster
from shared.policy.document import (
    CalendarSpec,
    Departure,
    OnAbsence,
    PolicyDocument,
    Queue,
    QueueKind,
    RecycleReason,
    SlaEntry,
    Step,
    StepAction,
    Track,
)
from shared.policy.holidays_of import kept_holidays
from shared.policy.wording import (
    condition_words,
    hours_words,
    rate_words,
    share_words,
    span_words,
    week_words,
)
from workers.assignment.policy.handbook.blocks import Block, Chapter, Code, Table, Text, paragraph, place, table
from workers.assignment.policy.handbook.routing import selector_words

_KINDS = {
    QueueKind.CLAIM: "members claim",
    QueueKind.EXCEPTION: "its owner resolves",
    QueueKind.FEEDBACK: "out of sales",
}
_ABSENCES = {
    OnAbsence.REROUTE: "are decided again, without them",
    OnAbsence.KEEP: "stay with them",
    OnAbsence.COVER: "go to the stand-in whom the absence names",
}
_HOURS = {"always": "all hours", "owner": "the hours of the owner, else of the pool"}


def promises_chapter(document: PolicyDocument, roster: Roster | None) -> Chapter:
    """Say what happens if nobody acts."""
    columns = ("for", "until it is accepted", "from then until the first touch", "hours that count")
    blocks: list[Block] = [
        paragraph("A rep accepts a lead or gives it back with a reason. The first line that fits the lead counts:"),
        table(columns, [_promise(entry) for entry in document.sla], "The clocks"),
        paragraph("A clock that runs keeps the version of the policy with which it started."),
    ]
    alerts = [(condition_words(one.when), _told(one.notify)) for one in document.priority]
    if alerts:
        blocks.append(table(("when this is assigned", "this hears of it at once"), alerts, "Alerts"))
    queues = [_queue(queue, roster) for queue in document.queues.values()]
    headings = ("queue", "how leads leave it", "answers for it", "who may claim", "if nothing happens", "alarm")
    blocks.append(table(headings, queues, "The queues"))
    return Chapter("What happens if nobody acts", tuple(blocks))


def _promise(entry: SlaEntry) -> list[object]:
    ladders = entry.ladders
    if ladders.none:
        return [condition_words(entry.when), f"nothing is promised: {ladders.none}", "", ""]
    return [
        condition_words(entry.when),
        _steps(ladders.accept),
        _steps(ladders.first_touch),
        _HOURS.get(ladders.clock, f"those of {ladders.clock}"),
    ]


def _steps(steps: Sequence[Step]) -> list[object]:
    return [(f"after {span_words(step.after)}: ", *_step(step)) for step in steps]


def _step(step: Step) -> Text:
    told = f", {_told(step.notify)} is told" if step.notify else ""
    if step.do is StepAction.REMIND:
        return (f"{_told(step.notify)} is reminded",)
    if step.do is StepAction.FLAG_OVERDUE:
        return (f"it is overdue{told}",)
    noted = ", and that stands on the rep's record" if step.log else ""
    return ("it moves to ", *(place(step.to) if step.to else ("nowhere",)), f"{told}{noted}")


def _told(notify: str | None) -> str:
    return {"owner": "the owner", "manager": "the manager", None: "nobody"}.get(notify, notify or "")


def _queue(queue: Queue, roster: Roster | None) -> list[object]:
    late = ""
    if queue.escalate_after is not None:
        late = f"after {span_words(queue.escalate_after)} {queue.escalate_to or queue.owner} is told"
    limit = f", {rate_words(queue.claim_limit)} each" if queue.claim_limit else ""
    claim = f"{selector_words(queue.members, roster)}{limit}" if queue.kind is QueueKind.CLAIM else ""
    owner = [queue.owner, f"told in {queue.alert}" if queue.alert else ""]
    alarm = f"above {share_words(queue.share_alarm)} of all leads" if queue.share_alarm is not None else ""
    return [Code(queue.name), _KINDS[queue.kind], owner, claim, late, alarm]


def absence_chapter(document: PolicyDocument) -> Chapter:
    """Say what becomes of leads whose owner is away or has left, and what happens after an outage."""
    rows = [_absence("is away", document.on_away), _absence("has left", document.on_departed)]
    blocks: list[Block] = [table(("a rep who", "leads not answered yet", "accepted leads"), rows)]
    cap = document.storm_cap
    late = "After an outage overdue marks are set at once"
    if cap is not None:
        late += (
            f", and of the moves that are more than {span_words(cap.when_late_by)} late at most "
            f"{rate_words(cap.moves)} are made; the others wait their turn"
        )
    blocks.append(paragraph(f"{late}." if cap else f"{late}, and so are all moves."))
    return Chapter("When somebody is away, or the system was", tuple(blocks))


def _absence(who: str, departure: Departure) -> list[object]:
    return [who, _ABSENCES[departure.offered], _ABSENCES[departure.accepted]]


def hours_chapter(document: PolicyDocument, today: date) -> Chapter:
    """Say when is open, with the holidays of the year that begins today."""
    if not document.calendars:
        return Chapter("Hours and holidays", (paragraph("No calendar: every hour counts."),))
    tables = [block for spec in document.calendars.values() for block in _calendar(spec, today)]
    return Chapter("Hours and holidays", tuple(tables))


def _calendar(spec: CalendarSpec, today: date) -> list[Block]:
    rows: list[list[object]] = [["open", list(week_words(spec.hours)) or "never"], ["time zone", spec.timezone]]
    if spec.country:
        place = f"{spec.country} {spec.subdivision}" if spec.subdivision else spec.country
        rows.append(["closed on the public holidays of", place])
    rows += [["holidays that are worked", list(spec.remove)]] if spec.remove else []
    own = [f"{day}: {hours_words(spans)}" for day, spans in sorted(spec.add.items()) if day >= today]
    rows += [["days with hours of their own", own]] if own else []
    return [table(("", "hours"), rows, f"Calendar {spec.name}"), *_holidays(spec, today)]


def _holidays(spec: CalendarSpec, today: date) -> list[Table]:
    ahead = [
        (day, name)
        for day, name in kept_holidays(spec, (today.year, today.year + 1))
        if today <= day and (day.year, day.month, day.day) < (today.year + 1, today.month, today.day)
    ]
    if not ahead:
        return []
    rows = [(f"{day:%a %d %b %Y}", name) for day, name in ahead]
    return [table(("closed on", "holiday"), rows, f"Holidays of {spec.name} in the next twelve months")]


def recycling_chapter(document: PolicyDocument) -> Chapter:
    """Say what becomes of leads that are given back, and what brings them back."""
    reasons = [_reason(one) for one in document.recycle.values()]
    tracks = [_track(one) for one in document.tracks.values()]
    return Chapter(
        "When a lead is given back",
        (
            paragraph("These are the only reasons there are. No lead is lost: each has its way back or its end."),
            table(("reason", "the lead goes to", "comes back", "what marketing learns"), reasons, "Recycle reasons"),
            table(("track", "woken by", "tells the last owner of", "sent to"), tracks, "Tracks"),
        ),
    )


def _reason(reason: RecycleReason) -> list[object]:
    back = [f"after {span_words(reason.after)}"] if reason.after else []
    back += [f"on {event}" for event in reason.wakes_on]
    return [Code(reason.name), place(reason.to), ", or ".join(back), reason.insight]


def _track(track: Track) -> list[object]:
    return [Code(track.name), ", ".join(track.wakes_on), ", ".join(track.alert_on), track.send]


def commands_chapter() -> Chapter:
    """Say how to run it: what a person who takes it over needs to know first."""
    rows = [[what, Code(command)] for what, command in COMMANDS]
    return Chapter(
        "How to run it",
        (
            paragraph("For whoever takes the routing over; each command explains itself with ", Code("--help"), "."),
            table(("to", "run"), rows),
        ),
    )


#: What somebody who takes the routing over does first, day by day, and before a change.
COMMANDS = (
    ("see which version is in force, and what is planned", "baton policy list"),
    ("see what waits for a person, and for whom", "baton queue list"),
    ("see why one lead went where it went", "baton lead show KEY"),
    ("correct a fact of a lead, or place it by hand", "baton lead correct"),
    ("see who is next in a pool, and why the others are not", "baton pool show NAME"),
    ("see a manager's morning: overdue, away, load", "baton report team"),
    ("see who does not answer, and how fast the others do", "baton report coaching"),
    ("see both sides' promises: speed, rates and leaks", "baton report handoff"),
    ("check a changed policy before anybody else sees it", "baton policy check FILE"),
    ("see what it changes", "baton policy diff live FILE"),
    ("ask where one lead would go under it", "baton policy explain FILE --lead LEAD.json"),
    ("put it into force, or back", "baton policy activate FILE"),
    ("let a rep go, or be away", "baton rep depart REP"),
    ("see that every law of the design holds", "baton audit"),
)

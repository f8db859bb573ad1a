"""The chapters about who gets a lead: the order of the rules, who is qualified, and who is in which pool."""

from shared.domain.rep import Members, Roster
from shared.domain.target import TargetKind
from shared.policy.cascade import cascade
from shared.policy.document import Gate, PolicyDocument, Pool, Rule, Strategy, WhenClosed
from shared.policy.membership import Member, chosen, members
from shared.policy.wording import action_words, condition_words, member_words, rate_words, share_words
from workers.assignment.policy.handbook.blocks import (
    Block,
    Bullets,
    Chapter,
    Code,
    Text,
    joined,
    paragraph,
    place,
    table,
)

_WHEN_CLOSED = {
    WhenClosed.OFFER: "given as if open",
    WhenClosed.WAIT: "waits for the hours",
    WhenClosed.OVERFLOW: "passes over who is closed",
}


def rules_chapter(document: PolicyDocument) -> Chapter:
    """Say what outranks what."""
    tiers = tuple((str(tier).replace("_", " "),) for tier in document.precedence)
    columns = ("", "rule", "looks at", "takes", "goes to", "without room there")
    rows = [_rule(number, rule, document) for number, rule in enumerate(document.rules, start=1)]
    blocks: list[Block] = [
        paragraph(
            "Rules are asked from the first to the last, and the first that is true decides. Their reasons by strength:"
        ),
        Bullets(tiers, numbered=True),
        paragraph(
            "A rule for qualified leads is passed over by all others. A lead whose facts do not decide a rule goes on "
            "to the next; one whose answer was given and not understood is held where a rule needs it."
        ),
        table(columns, rows, "The rules, in their order"),
    ]
    return Chapter("What outranks what", tuple(blocks))


def _rule(number: int, rule: Rule, document: PolicyDocument) -> list[object]:
    places = [place(one) for one in cascade(rule.targets, document)]
    action = action_words(rule.first_action)
    return [
        str(number),
        Code(rule.name),
        "all leads" if rule.gate is Gate.NONE else "qualified leads",
        [condition_words(rule.when), f"because {rule.because}" if rule.because else ""],
        [places[0], f"first action: {action}" if action else ""],
        joined(places[1:], ", then "),
    ]


def qualification_chapter(document: PolicyDocument) -> Chapter:
    """Say who is worth a seller's time."""
    title = "Who is worth a seller's time"
    qualification = document.qualification
    if qualification is None:
        return Chapter(title, (paragraph("Every lead: the policy asks for no qualification."),))
    intent = qualification.intent
    must = [(f"the intent is at least {intent.minimum} points",)] if intent.minimum else []
    wanted: tuple[Text, ...] = (*((condition_words(one),) for one in qualification.icp), *must)
    points = [*((f"asks for {name}", points) for name, points in intent.lead_type.items())]
    points += [("raises a hand", intent.hand_raise)] if intent.hand_raise else []
    points += [(f"shows {name}, each time", points) for name, points in intent.signal.items()]
    otherwise = place(qualification.otherwise) if qualification.otherwise else ("the queue of what is left",)
    blocks: list[Block] = [
        paragraph(
            "Only the system says that a lead is qualified. All of these must hold; what is not known fails none:"
        ),
        Bullets(wanted),
        table(("a person who …", "points"), [(who, str(count)) for who, count in points], "Intent"),
        paragraph("Everybody else goes to ", *otherwise, "."),
    ]
    return Chapter(title, tuple(blocks))


def pools_chapter(document: PolicyDocument, roster: Roster | None) -> Chapter:
    """Say who gets what: the pools, and who is in them with which share."""
    columns = ("pool", "fed by", "members", "chooses", "hours", "outside the hours", "at most", "overflows to")
    blocks: list[Block] = [
        table(columns, [_pool(pool, document) for pool in document.pools.values()], "The pools"),
        paragraph(
            "A member can be given a lead when active, not away, and under capacity and cap. Equals take turns: who "
            "has the higher weight first, then who was given a lead least recently."
        ),
    ]
    if roster is None:
        blocks.append(paragraph("Who is in which pool is not known here: no database was asked."))
        return Chapter("Who gets what", tuple(blocks))
    for name, found in members(document, roster).items():
        rows = [_member(one) for one in found]
        if not found:
            blocks.append(paragraph("Pool ", Code(name), " has no active member: its leads overflow."))
        title = f"Pool {name}: {len(found)} active member{'' if len(found) == 1 else 's'}"
        blocks.append(table(("rep", "name", "weight", "share", "capacity"), rows, title))
    blocks += _named(document, roster)
    return Chapter("Who gets what", tuple(blocks))


def _pool(pool: Pool, document: PolicyDocument) -> list[object]:
    fed = [
        Code(rule.name)
        for rule in document.rules
        if any(one.kind is TargetKind.POOL and one.name == pool.name for one in rule.targets)
    ]
    by_weight = pool.strategy is Strategy.WEIGHTED
    return [
        Code(pool.name),
        fed,
        selector_words(pool.members),
        "by weight" if by_weight else "who holds the fewest open leads",
        Code(pool.calendar) if pool.calendar else "",
        _WHEN_CLOSED[pool.when_closed],
        f"{rate_words(pool.cap)} each" if pool.cap else "",
        joined((place(one) for one in pool.overflow), ", then "),
    ]


def _member(member: Member) -> list[object]:
    share = "by load" if member.share is None else share_words(round(float(member.share), 3))
    capacity = "unlimited" if member.capacity is None else str(member.capacity)
    return [Code(member.rep_id), member.name, f"{float(member.weight):g}", share, capacity]


def _named(document: PolicyDocument, roster: Roster) -> list[Block]:
    """List the reps whom rules name outright."""
    rows = [
        [
            Code(target.name),
            roster[target.name].name if target.name in roster else "not among the reps",
            Code(rule.name),
        ]
        for rule in document.rules
        for target in rule.targets
        if target.kind is TargetKind.REP
    ]
    return [table(("rep", "name", "rule"), rows, "Reps whom rules name")] if rows else []


def selector_words(selector: Members | None, roster: Roster | None = None) -> str:
    """Say whom a selector takes, with how many that are now."""
    if selector is None:
        return "every rep"
    words = (
        " and ".join(f"{name} {' or '.join(given)}" for name, given in member_words(selector).items()) or "every rep"
    )
    return words if roster is None else f"{words} ({len(chosen(selector, roster))} now)"

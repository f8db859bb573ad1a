"""Writes a planned policy as YAML that a person reads: one rule under another, each with what it was in Salesforce."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from shared.domain.calendar import Span
from shared.policy.condition import All, AnyOf, Condition, FieldTest, Not, Op
from shared.policy.salesforce.declared import AttributeUse
from shared.policy.salesforce.plan import Gap, Plan, PlannedCalendar, PlannedPool, PlannedQueue, PlannedRule
from shared.policy.salesforce.spelling import comments, fits, target, word

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def render(plan: Plan) -> str:
    """The text of the policy."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    for remark in plan.remarks:
        yield from comments(remark, "")
    yield "baton_policy: 1"
    yield f"name: {word(plan.name)}"
    yield f"owner: {word(plan.owner)}"
    what = "Fields of the lead in Salesforce that rules ask for and that are no fields here."
    yield from _section("attributes", what, map(_attribute, plan.attributes))
    yield from _section(
        "rules", "In the order of Salesforce; the first rule that matches wins in both.", map(_place, plan.rules)
    )
    yield from _section("pools", "", map(_pool, plan.pools))
    yield from _section("queues", "", (_queue(queue, plan.owner) for queue in plan.queues))
    what = "Pools take one by `calendar: NAME`, promises by `clock: NAME`; nothing refers to them yet."
    yield from _section("calendars", what, map(_calendar, plan.calendars))


def _section(key: str, remark: str, entries: Iterable[Iterator[str]]) -> Iterator[str]:
    """A section with its entries; without entries it is not written."""
    lines = [line for entry in entries for line in entry]
    if lines:
        yield ""
        yield from comments(remark, "") if remark else ()
        yield f"{key}:"
        yield from lines


def _place(rule: PlannedRule | Gap) -> Iterator[str]:
    """A rule under its comments; of a gap only these."""
    for remark in rule.remarks:
        yield from comments(remark, "  ")
    if not isinstance(rule, Gap):
        yield from _rule(rule)


def _attribute(one: AttributeUse) -> Iterator[str]:
    """An attribute is open, so that every word that Salesforce holds is kept; looked-for words are listed."""
    keys = [f"from: {word(one.source)}"] if one.source else []
    keys += ["many: true"] if one.many else []
    if not one.words:
        form = ", as a list" if one.many else ", true or false" if one.is_checkbox else ""
        hint = "" if one.source else f"  # send it as data.attributes.{one.name}{form}"
        yield f"  {word(one.name)}: {{{', '.join(keys)}}}{hint}"
        return
    yield f"  {word(one.name)}:"
    yield from (f"    {key}" for key in keys)
    yield "    words:"
    yield from (f"      {word(text)}: {{contains: [{word(text)}]}}" for text in one.words)


def _rule(rule: PlannedRule) -> Iterator[str]:
    yield f"  - name: {word(rule.name)}"
    yield from _when(rule.when)
    yield f"    to: {target(rule.to[0])}"
    if len(rule.to) > 1:
        yield f"    else: [{', '.join(map(target, rule.to[1:]))}]"
    if rule.because:
        yield f"    because: {word(rule.because)}"


def _when(condition: Condition) -> Iterator[str]:
    """The condition on one line, or its parts on lines of their own where that would be too long."""
    line = f"    when: {flow(condition)}"
    if fits(line) or not isinstance(condition, All | AnyOf) or len(condition.parts) < 2:
        yield line
        return
    yield "    when:"
    yield from _block(condition, "      ")


def _block(condition: All | AnyOf, indent: str) -> Iterator[str]:
    yield f"{indent}{'all' if isinstance(condition, All) else 'any'}:"
    for part in condition.parts:
        line = f"{indent}  - {flow(part)}"
        if fits(line) or not isinstance(part, All | AnyOf) or len(part.parts) < 2:
            yield line
        else:
            first, *rest = _block(part, f"{indent}    ")
            yield f"{indent}  - {first.strip()}"
            yield from rest


def flow(condition: Condition) -> str:
    """A condition between braces."""
    if isinstance(condition, FieldTest):
        return f"{{{_test(condition)}}}"
    if isinstance(condition, Not):
        return f"{{not: {flow(condition.part)}}}"
    if isinstance(condition, AnyOf):
        return f"{{any: [{', '.join(map(flow, condition.parts))}]}}"
    tests = [part for part in condition.parts if isinstance(part, FieldTest)]
    fields = {test.field: [one for one in tests if one.field == test.field] for test in tests}
    if len(tests) == len(condition.parts) and all(map(_go_together, fields.values())):
        return f"{{{', '.join(map(_tests, fields.values()))}}}"
    return f"{{all: [{', '.join(map(flow, condition.parts))}]}}"


def _go_together(tests: Sequence[FieldTest]) -> bool:
    """Say whether the tests of one field can stand between one pair of braces: each operator once."""
    return len({test.op for test in tests}) == len(tests)


def _tests(tests: Sequence[FieldTest]) -> str:
    """The tests of one field."""
    if len(tests) == 1:
        return _test(tests[0])
    return f"{word(tests[0].field)}: {{{', '.join(f'{test.op}: {_operand(test)}' for test in tests)}}}"


def _test(test: FieldTest) -> str:
    """One test of one field; a value or a list of values is the short form of `in`."""
    field, operand = word(test.field), _operand(test)
    return f"{field}: {operand}" if test.op is Op.IN else f"{field}: {{{test.op}: {operand}}}"


def _operand(test: FieldTest) -> str:
    """What a field is held against."""
    if test.op is Op.KNOWN:
        return "true" if test.values[0] else "false"
    values = [str(value) if isinstance(value, int) else word(value) for value in test.values]
    is_bound = test.op in (Op.GTE, Op.GT, Op.LTE, Op.LT)
    return values[0] if is_bound or (len(values) == 1 and test.op is Op.IN) else f"[{', '.join(values)}]"


def _pool(pool: PlannedPool) -> Iterator[str]:
    if pool.remark:
        yield from comments(pool.remark, "  ")
    members = f"members: {{team: {word(pool.team)}}}, " if pool.team else ""
    yield f"  {word(pool.name)}: {{{members}overflow: [queue:exceptions]}}"


def _queue(queue: PlannedQueue, owner: str) -> Iterator[str]:
    if queue.remark:
        yield from comments(queue.remark, "  ")
    if queue.is_claimed:
        yield f"  {word(queue.name)}: {{kind: claim, escalate_after: 1h, escalate_to: {word(owner)}}}"
    else:
        yield f"  {word(queue.name)}: {{kind: exception}}"


def _calendar(calendar: PlannedCalendar) -> Iterator[str]:
    default = ", the default" if calendar.is_default else ""
    yield from comments(f"“{calendar.title}” of Salesforce's business hours{default}", "  ")
    yield f"  {word(calendar.name)}:"
    yield f"    timezone: {word(calendar.timezone)}"
    yield f"    hours: {{{', '.join(_week(calendar.hours))}}}"
    if calendar.added:
        yield "    holidays:"
        yield "      add:"
        for day, (spans, title) in sorted(calendar.added.items()):
            hours = f"[{', '.join(map(_span, spans))}]" if spans else "closed"
            yield f"        {day.isoformat()}: {hours}  {next(comments(title, ''), '').strip()}".rstrip()


def _week(hours: Mapping[int, tuple[Span, ...]]) -> Iterator[str]:
    """Days with the same hours in a row are written together."""
    days = [day for day in range(7) if hours.get(day)]
    for _, run in groupby(enumerate(days), key=lambda pair: (pair[1] - pair[0], hours[pair[1]])):
        same = [day for _, day in run]
        name = _DAYS[same[0]] if len(same) == 1 else f"{_DAYS[same[0]]}-{_DAYS[same[-1]]}"
        yield f"{name}: [{', '.join(map(_span, hours[same[0]]))}]"


def _span(span: Span) -> str:
    return f'"{_clock(span.start)}-{_clock(span.end)}"'


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}"

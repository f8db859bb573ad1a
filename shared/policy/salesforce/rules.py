"""The file of assignment rules as values: rules, their entries in order, and the criteria of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import InputFileError, UsageError
from shared.policy.salesforce.tree import Element, read_tree
from shared.policy.words import suggestion

ROOT = "AssignmentRules"

#: The object whose rules we read; a rule may also look at the user who saves the record.
_LEAD = "lead"
_USER = "user"


@dataclass(frozen=True, slots=True)
class Item:
    """One criterion as it is written; `value` is blank where the file has none, which asks for an empty field."""

    field: str
    operation: str
    value: str
    value_field: str
    line: int

    def __str__(self) -> str:
        """Write the criterion for a person."""
        other = f"field {self.value_field}" if self.value_field else f'"{self.value}"' if self.value else "(blank)"
        return f"{self.field} {self.operation} {other}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a rule; `position` counts from 1, `line` is that of the file."""

    position: int
    line: int
    assigned_to: str = ""
    assigned_to_type: str = ""
    items: tuple[Item, ...] = ()
    boolean_filter: str = ""
    formula: str = ""
    template: str = ""
    teams: tuple[str, ...] = ()
    replaces_teams: bool = False
    notifies_copies: bool = False

    @property
    def asks(self) -> str:
        """What the entry asks, on one line as Salesforce has it."""
        if self.formula:
            return f"formula {' '.join(self.formula.split())}"
        if not self.items:
            return "every lead"
        if len(self.items) == 1:
            return str(self.items[0])
        listed = ", ".join(f"{number}. {item}" for number, item in enumerate(self.items, start=1))
        return f"{self.boolean_filter or 'all of'}: {listed}"


@dataclass(frozen=True, slots=True)
class AssignmentRule:
    """A named list of entries; Salesforce runs the active one."""

    name: str
    is_active: bool
    entries: tuple[Entry, ...]
    line: int


def read_rules(data: bytes, file: str) -> tuple[AssignmentRule, ...]:
    """Read all rules of a file; InputFileError when it is not one of lead assignment rules."""
    root = read_tree(data, ROOT, file)
    rules = tuple(_rule(element) for element in root.every("assignmentRule"))
    objects = {item.field.partition(".")[0].casefold() for rule in rules for one in rule.entries for item in one.items}
    strangers = sorted(objects - {_LEAD, _USER})
    if strangers and _LEAD not in objects:
        raise InputFileError(f"{file} has rules for {strangers[0]} records; Baton routes leads: give the file of Lead.")
    return rules


def choose(rules: Sequence[AssignmentRule], name: str | None, file: str) -> AssignmentRule:
    """The rule of that name, else the active one; UsageError when that leaves nothing or more than one."""
    names = [rule.name for rule in rules]
    if name is not None:
        found = next((rule for rule in rules if rule.name.casefold() == name.casefold()), None)
        if found is None:
            raise UsageError(f"{file} has no rule {name!r}; {suggestion(name, names)}.")
        return found
    active = [rule for rule in rules if rule.is_active]
    if len(active) != 1:
        many = f"{len(active)} active rules" if active else "no active rule"
        mend = f"choose one with --rule: {', '.join(names)}" if names else "there is nothing to import"
        raise UsageError(f"{file} has {many}; {mend}.")
    return active[0]


def _rule(element: Element) -> AssignmentRule:
    """Read one rule with its entries."""
    entries = (_entry(position, one) for position, one in enumerate(element.every("ruleEntry"), start=1))
    return AssignmentRule(element.text_of("fullName"), element.is_true("active"), tuple(entries), element.line)


def _entry(position: int, element: Element) -> Entry:
    """Read one entry."""
    return Entry(
        position,
        element.line,
        assigned_to=element.text_of("assignedTo"),
        assigned_to_type=element.text_of("assignedToType"),
        items=tuple(_item(one) for one in element.every("criteriaItems")),
        boolean_filter=element.text_of("booleanFilter"),
        formula=element.text_of("formula"),
        template=element.text_of("template"),
        teams=element.texts_of("team"),
        replaces_teams=element.is_true("overrideExistingTeams"),
        notifies_copies=element.is_true("notifyCcRecipients"),
    )


def _item(element: Element) -> Item:
    """Read one criterion."""
    return Item(
        element.text_of("field"),
        element.text_of("operation"),
        element.text_of("value"),
        element.text_of("valueField"),
        element.line,
    )

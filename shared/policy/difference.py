"""What changed between two policies, in words of the policy; comments, layout and written defaults change nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.policy.document import PolicyDocument
from shared.policy.outline import Entry, Fact, Section, outline


class Kind(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Detail:
    """One fact of an entry, before and after; None where it was not or is not given."""

    label: str
    before: Fact | None
    after: Fact | None
    words: str


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of one section and what became of it; places count from 1, where the order means something."""

    section: str
    kind: Kind
    name: str
    words: str
    place_before: int | None = None
    place_after: int | None = None
    details: tuple[Detail, ...] = ()


def differences(before: PolicyDocument, after: PolicyDocument) -> tuple[Change, ...]:
    """Return every change, section by section; none where both say the same."""
    pairs = zip(outline(before), outline(after), strict=True)
    return tuple(change for old, new in pairs for change in _section(old, new))


def _section(old: Section, new: Section) -> list[Change]:
    """Return the changes of one section: what is gone, then what is there, in its order."""
    renamed = _renamed(old, new)
    was = {renamed.get(one.name, one.name): (place, one) for place, one in enumerate(old.entries, start=1)}
    now = {one.name: (place, one) for place, one in enumerate(new.entries, start=1)}
    moved = _moved([name for name in was if name in now], list(now)) if new.ordered else set()
    found = [_gone(new, *was[name]) for name in was if name not in now]
    for name, (place, entry) in now.items():
        if name not in was:
            found.append(_new(new, place, entry))
            continue
        place_before, former = was[name]
        if former.name != name:
            words = f"renamed, was `{former.name}`"
            found.append(Change(new.title, Kind.RENAMED, name, words, place_before, place))
        if name in moved:
            words = f"moved from place {place_before} to place {place}, {_beside(new, place)}"
            found.append(Change(new.title, Kind.MOVED, name, words, place_before, place))
        details = _details(former.facts, entry.facts)
        if details:
            words = "; ".join(detail.words for detail in details)
            found.append(Change(new.title, Kind.CHANGED, name, words, details=details))
    return found


def _gone(section: Section, place: int, entry: Entry) -> Change:
    where = f" from place {place}" if section.ordered else ""
    words = f"removed{where}: {_facts_words(entry.facts)}"
    return Change(section.title, Kind.REMOVED, entry.name, words, place if section.ordered else None)


def _new(section: Section, place: int, entry: Entry) -> Change:
    where = f" at place {place}, {_beside(section, place)}" if section.ordered else ""
    words = f"added{where}: {_facts_words(entry.facts)}"
    return Change(section.title, Kind.ADDED, entry.name, words, None, place if section.ordered else None)


def _beside(section: Section, place: int) -> str:
    """Say what stands behind a place."""
    return "the last" if place == len(section.entries) else f"before `{section.entries[place].name}`"


def _renamed(old: Section, new: Section) -> dict[str, str]:
    """Return old names with the new name under which the very same facts stand now, where that is beyond doubt."""
    names = {one.name for one in old.entries} & {one.name for one in new.entries}
    gone = [one for one in old.entries if one.name not in names and one.facts]
    come = [one for one in new.entries if one.name not in names and one.facts]
    found = {}
    for one in gone:
        twins = [other for other in come if other.facts == one.facts]
        rivals = [other for other in gone if other.facts == one.facts]
        if len(twins) == 1 and len(rivals) == 1:
            found[one.name] = twins[0].name
    return found


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Return the fewest names that must have moved to turn one order into the other."""
    place = {name: number for number, name in enumerate(after)}
    stayed: list[list[str]] = []
    for name in before:
        lines = [line for line in stayed if place[line[-1]] < place[name]]
        stayed.append([*_longest(lines), name])
    return set(before) - set(_longest(stayed))


def _longest(lines: Iterable[list[str]]) -> list[str]:
    found: list[str] = []
    for line in lines:
        found = line if len(line) > len(found) else found
    return found


def _details(before: Mapping[str, Fact], after: Mapping[str, Fact]) -> tuple[Detail, ...]:
    labels = dict.fromkeys((*before, *after))
    return tuple(
        Detail(label, before.get(label), after.get(label), _detail_words(label, before.get(label), after.get(label)))
        for label in labels
        if before.get(label) != after.get(label)
    )


def _detail_words(label: str, before: Fact | None, after: Fact | None) -> str:
    if isinstance(before, tuple) and isinstance(after, tuple) and before and after:
        come = [one for one in after if one not in before]
        gone = [one for one in before if one not in after]
        both = [f"adds {_words(tuple(come))}"] if come else []
        both += [f"drops {_words(tuple(gone))}"] if gone else []
        if both and [one for one in before if one in after] == [one for one in after if one in before]:
            return f"{label}: {'; '.join(both)}"
    return f"{label}: {_words(before)} → {_words(after)}"


def _facts_words(facts: Mapping[str, Fact]) -> str:
    return "; ".join(f"{label} {_words(fact)}" for label, fact in facts.items()) or "nothing more"


def _words(fact: Fact | None) -> str:
    if not fact:
        return "nothing"
    return fact if isinstance(fact, str) else ", ".join(f'"{one}"' if "," in one else one for one in fact)


def grouped(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Return the changes by section, in the order of the outline."""
    found: dict[str, list[Change]] = {}
    for one in changes:
        found.setdefault(one.section, []).append(one)
    return found


def summary(changes: Iterable[Change]) -> str:
    """Say in one line how much changes where: `3 in rules, 1 in qualification`."""
    return ", ".join(f"{len(found)} in {section}" for section, found in grouped(changes).items())

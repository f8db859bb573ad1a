"""What a policy must declare for the conditions of one rule: attributes, and the words that are looked for in texts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.policy.salesforce.fields import Column, Fields, Home
from shared.policy.salesforce.logic import Logic, Operation, Term, UntranslatedError, terms_of
from shared.policy.words import fold

_TRUTHS: Final = frozenset({"true", "false"})
_MANY: Final = frozenset({Operation.INCLUDES, Operation.EXCLUDES})
_EXACT: Final = frozenset({Operation.EQUALS, Operation.NOT_EQUAL})


@dataclass(slots=True)
class AttributeUse:
    """An attribute of the policy: `source` is the field it comes from, `words` are looked for in that field's text."""

    name: str
    salesforce: str
    source: str = ""
    many: bool = False
    is_checkbox: bool = False
    words: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Declared:
    """Collects the attributes and notes of a rule while its entries are translated."""

    fields: Fields
    checkboxes: frozenset[str]
    multiple: frozenset[str]
    attributes: dict[str, AttributeUse] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def use(self, column: Column, *, checkbox: bool = False) -> None:
        """Declare the attribute that a column needs; fields of rules need none."""
        if column.home is Home.ATTRIBUTE:
            many = self.has_many(column)
            use = AttributeUse(column.name, column.salesforce, column.source, many=many, is_checkbox=checkbox)
            self.attributes.setdefault(column.name, use)

    def use_words(self, column: Column, texts: Iterable[str]) -> str:
        """Declare words that are looked for in the text of a column; returns the attribute's name."""
        name = f"{column.salesforce}_words"
        source = column.source or column.name
        use = self.attributes.setdefault(name, AttributeUse(name, column.salesforce, source, many=True))
        known = {fold(word) for word in use.words}
        for text in texts:
            if fold(text) not in known:
                use.words[text] = None
                known.add(fold(text))
        return name

    def words(self, column: Column, values: tuple[str, ...]) -> tuple[str, ...]:
        """Values as facts here are written; UntranslatedError when none of them can stand for anything."""
        if column.normal is None:
            return values
        written: dict[str, None] = {}
        lost: list[str] = []
        for value in values:
            forms = column.normal(value)
            written.update(dict.fromkeys(forms))
            if not forms:
                lost.append(value)
            elif fold(value) not in map(fold, forms):
                self._note_form(column, value, forms)
        if lost and not written:
            raise UntranslatedError(f"no value of it is understood as {column.name.replace('_', ' ')}")
        for value in lost:
            kind = column.name.replace("_", " ")
            self.note(
                f"{column.salesforce} “{value}” is left out: it is not understood as {kind}, and a lead that says so "
                "is held at the first rule that needs it"
            )
        return tuple(written)

    def is_checkbox(self, column: Column) -> bool:
        """Say whether the rule holds this field only against true and false."""
        return column.home is Home.ATTRIBUTE and column.name.casefold() in self.checkboxes

    def has_many(self, column: Column) -> bool:
        """Say whether the field is a multi-select picklist."""
        return column.name.casefold() in self.multiple

    def note(self, text: str) -> None:
        """Keep a remark on the rule as a whole, once."""
        self.notes[text] = None

    def _note_form(self, column: Column, value: str, forms: tuple[str, ...]) -> None:
        """Say what a value became, where that takes more leads than Salesforce does."""
        if column.name == "industry":
            self.note(
                f"Industry “{value}” is “{forms[0]}” here, a word that stands for more: what Salesforce told apart "
                "from it may be taken as well"
            )
        elif column.name == "state" and len(forms[0]) == 2:
            self.note(
                "Names of states are codes here (“California” is CA): a state of another country with the same code is "
                "taken as well where an entry does not ask for the country"
            )


def survey(logics: Iterable[Logic], mapped: Mapping[str, str] | None = None) -> Declared:
    """Look over all terms of a rule: which fields are checkboxes or have several choices, which words would clash."""
    values: dict[str, set[str]] = {}
    multiple: set[str] = set()
    for term in (term for logic in logics for term in terms_of(logic)):
        key = _key(term)
        if term.operation in _MANY:
            multiple.add(key)
        # A part of a text is no value of a checkbox.
        values.setdefault(key, set()).update(
            {one.casefold() for one in term.values if one} if term.operation in _EXACT else {"?"}
        )
    checkboxes = frozenset(key for key, found in values.items() if found and found <= _TRUTHS)
    return Declared(Fields(mapped, industry_as_attribute=_clash(values)), checkboxes, frozenset(multiple))


def _key(term: Term) -> str:
    name = term.field.rpartition(".")[2].casefold()
    return "recordtype" if name == "recordtypeid" else name


def _clash(values: Mapping[str, set[str]]) -> bool:
    """Say whether two industries of the rule would become one word here, so that entries could not be told apart."""
    column = Fields().column("Lead.Industry")
    words = [column.normal(value) if column.normal else () for value in values.get("industry", set()) - {"?"}]
    return len(set(words)) < len(words)

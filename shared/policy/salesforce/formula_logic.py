"""From a formula to terms, where the two say exactly the same; everything else is named and not translated."""

from typing import Final

from shared.policy.salesforce.formula import Call, Name, Number, Part, Sign, Text, parse_formula
from shared.policy.salesforce.logic import And, Logic, Negation, Operation, Or, Term, UntranslatedError, each

_TRUTHS: Final = {"true": "True", "false": "False"}

#: Functions that look at how the record was before, or whether it is new.
_FORMER: Final = frozenset({"ISCHANGED", "ISNEW", "PRIORVALUE", "ISCLONE"})

#: How to write in Salesforce what would be translated.
_MENDS: Final = {
    "TEXT": 'for a picklist write ISPICKVAL(field, "value")',
    "ISNULL": "write ISBLANK",
    "INCLUDES": "use a criterion with the operator includes",
    "CONTAINS": "use a criterion with the operator contains",
    "BEGINS": "use a criterion with the operator startsWith",
    "CASE": "write OR of ISPICKVAL",
    "IF": "write AND, OR and NOT",
}


def logic_of_formula(text: str) -> Logic:
    """What a formula asks; UntranslatedError names the first part that has no exact counterpart."""
    return _logic(parse_formula(text))


def _logic(part: Part) -> Logic:
    """A part that is true or false."""
    if isinstance(part, Call):
        return _call(part)
    if isinstance(part, Sign):
        return _signed(part)
    if isinstance(part, Name):
        if part.text.casefold() in _TRUTHS:
            return And(()) if part.text.casefold() == "true" else Or(())
        return Term(_field(part), Operation.EQUALS, ("True",))
    raise UntranslatedError(f"{_shown(part)} stands where something true or false is expected")


def _call(call: Call) -> Logic:
    """A function that is true or false."""
    if call.name in ("AND", "OR") and call.arguments:
        parts = tuple(each(call.arguments, _logic))
        return And(parts) if call.name == "AND" else Or(parts)
    if call.name == "NOT" and len(call.arguments) == 1:
        return Negation(_logic(call.arguments[0]))
    if call.name == "ISBLANK" and len(call.arguments) == 1:
        return Term(_field(call.arguments[0]), Operation.EQUALS, ("",))
    if call.name == "ISPICKVAL" and len(call.arguments) == 2:
        field, value = call.arguments
        if isinstance(value, Text):
            return Term(_field(field), Operation.EQUALS, (value.value.strip(),))
    raise _unknown(call)


def _signed(part: Sign) -> Logic:
    """Parts with a sign."""
    if part.sign == "!":
        return Negation(_logic(part.parts[0]))
    if part.sign in ("&&", "||"):
        parts = tuple(each(part.parts, _logic))
        return And(parts) if part.sign == "&&" else Or(parts)
    if part.sign in ("=", "==", "<>", "!="):
        term = _compared(*part.parts)
        return term if part.sign in ("=", "==") else Negation(term)
    if part.sign in ("<", ">", "<=", ">="):
        raise UntranslatedError(f"{_shown(part)}: a formula compares")
    raise UntranslatedError(f"{_shown(part)}: a formula reckons")


def _compared(left: Part, right: Part) -> Logic:
    """A field that equals a text or TRUE or FALSE, whichever stands first."""
    if isinstance(left, Text) or (isinstance(left, Name) and left.text.casefold() in _TRUTHS):
        left, right = right, left
    if isinstance(right, Text):
        return Term(_field(left), Operation.EQUALS, (right.value.strip(),))
    if isinstance(right, Name) and right.text.casefold() in _TRUTHS:
        wanted = _logic(left)
        return wanted if right.text.casefold() == "true" else Negation(wanted)
    for one in (left, right):
        if isinstance(one, Call):
            raise _unknown(one)
    if isinstance(right, Number):
        raise UntranslatedError(
            f"{_shown(left)} = {right.text}: a number in a formula, of which a blank may count as zero; use a criterion"
        )
    raise UntranslatedError(f"{_shown(left)} is compared with {_shown(right)}, which rules here cannot do")


def _field(part: Part) -> str:
    """The field that a part names, as a criterion would."""
    if isinstance(part, Call):
        raise _unknown(part)
    if not isinstance(part, Name):
        raise UntranslatedError(f"{_shown(part)} stands where a field is expected")
    owner, dot, name = part.text.partition(".")
    if not dot or owner.casefold() == "lead":
        return f"Lead.{name or owner}"
    if (owner.casefold(), name.casefold()) == ("recordtype", "name"):
        return "Lead.RecordTypeId"
    raise UntranslatedError(f"{part.text} is no field of the lead itself")


def _unknown(call: Call) -> UntranslatedError:
    """Say of a function why it is not translated."""
    if call.name in _FORMER:
        return UntranslatedError(f"{call.name} asks what the record was before; a rule here sees the lead as it is")
    mend = _MENDS.get(call.name)
    return UntranslatedError(
        f"{call.name} is not among AND, OR, NOT, ISPICKVAL, ISBLANK" + (f"; {mend}" if mend else "")
    )


def _shown(part: Part) -> str:
    """Write a part for a person."""
    if isinstance(part, Name | Number):
        return part.text
    if isinstance(part, Text):
        return f'"{part.value}"'
    if isinstance(part, Call):
        return f"{part.name}({', '.join(map(_shown, part.arguments))})"
    if len(part.parts) == 1:
        return f"{part.sign}{_shown(part.parts[0])}"
    return f" {part.sign} ".join(map(_shown, part.parts))

"""Examples: the facts of a lead that a finding shows, in the form in which a lead is submitted."""

from shared.policy.document import Attribute, PolicyDocument, WordTest
from shared.policy.space import Box, example_of

Facts = dict[str, object]


def lead_in(box: Box, document: PolicyDocument) -> Facts:
    """The facts of one lead in a box, with attributes where a form would put them; open fields are left out."""
    facts = example_of(box)
    own: Facts = {}
    for attribute in document.attributes.values():
        words = _take(facts, attribute)
        if words is None:
            continue
        if attribute.words:
            facts[attribute.source] = " ".join(_text(attribute.words[word]) for word in words) or "none"
        else:
            own[attribute.name] = list(words) if attribute.many else next(iter(words), None)
    return facts | ({"attributes": own} if own else {})


def _take(facts: Facts, attribute: Attribute) -> tuple[str, ...] | None:
    """Take an attribute's words out of the facts, in the document's spelling; None where the box leaves it open."""
    spelled = {word.casefold(): word for word in (*attribute.words, *attribute.values)}
    asked = {key: facts.pop(key) for key in list(facts) if key.partition(": ")[0] == attribute.name}
    if not asked or list(asked.values()) == [None]:
        return None
    if attribute.many:
        chosen = [key.partition(": ")[2] for key, value in asked.items() if value == "true"]
    else:
        chosen = [str(value) for value in asked.values() if value]
    return tuple(spelled.get(word, word) for word in chosen)


def _text(test: WordTest) -> str:
    """A text in which a word is recognised."""
    return next(iter((*test.equals, *test.starts_with, *test.contains, *test.ends_with)), "")

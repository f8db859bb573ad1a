"""XML of strangers: read with its lines, and refused in a sentence where it is hostile, broken or something else."""

import pytest

from shared.errors import InputFileError
from shared.policy.salesforce.rules import choose, read_rules
from shared.policy.salesforce.tree import MAXIMUM_BYTES, MAXIMUM_DEPTH, read_tree
from tests.fixtures.salesforce_texts import EntryText, rules_file

#: Ten entities, each ten times the one before: ten thousand million words.
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))


def test_elements_know_their_lines() -> None:
    """The line is that of the start tag; text is trimmed, and a namespace does not count."""
    root = read_tree(b'<m:A xmlns:m="urn:x">\n\n<m:b> one &amp; two </m:b>\n<m:b/></m:A>', "A", "a.xml")

    assert [(child.name, child.line) for child in root.children] == [("b", 3), ("b", 4)]
    assert root.text_of("b") == "one & two"
    assert root.texts_of("b") == ("one & two",)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (f'<!DOCTYPE A [<!ENTITY l0 "ha">{_LAUGHS}]><A>&l10;</A>'.encode(), "declares a document type"),
        (b'<!DOCTYPE A [<!ENTITY x SYSTEM "file:///etc/passwd">]><A>&x;</A>', "declares a document type"),
        (b'<!DOCTYPE A SYSTEM "http://127.0.0.1:9/a.dtd"><A/>', "declares a document type"),
        (b"<A>&unknown;</A>", "is not XML at line 1: undefined entity"),
        (b"<A>\n<b></A>", "is not XML at line 2: mismatched tag"),
        (b"", "is not XML at line 1: no element found"),
        (b"\xff\xfe\x00", "is not XML"),
        (
            b'<?xml version="1.0" encoding="klingon"?><A/>',
            "cannot be read as XML: unknown encoding: klingon; save it as UTF-8",
        ),
        (b"<B/>", "holds B, not A"),
        (b"<A>" + b"<b>" * MAXIMUM_DEPTH, "nest more than"),
        (b" " * (MAXIMUM_BYTES + 1), "is larger than"),
    ],
)
def test_what_is_no_metadata_file_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    """Nothing is unfolded, fetched or guessed; the file is named."""
    with pytest.raises(InputFileError, match=sentence) as caught:
        read_tree(data, "A", "a.xml")

    assert str(caught.value).startswith("a.xml")
    assert "\n" not in str(caught.value)


def test_rules_of_another_object_are_refused() -> None:
    """Cases are no leads."""
    data = rules_file([EntryText()]).replace(
        b"</assignedToType>",
        b"</assignedToType><criteriaItems><field>Case.Origin</field><operation>equals</operation></criteriaItems>",
    )

    with pytest.raises(InputFileError, match="case records; Baton routes leads"):
        read_rules(data, "Case.assignmentRules-meta.xml")


@pytest.mark.parametrize(
    ("active", "name", "sentence"),
    [("false", None, "no active rule; choose one with --rule: Inbound"), ("true", "inbond", "did you mean `Inbound`")],
)
def test_a_rule_that_cannot_be_chosen_says_which_there_are(active: str, name: str | None, sentence: str) -> None:
    """Without an active rule, and with a name that is wrong, the names are told."""
    rules = read_rules(rules_file([EntryText()], active=active), "rules.xml")

    with pytest.raises(Exception, match=sentence):
        choose(rules, name, "rules.xml")


def test_a_rule_is_chosen_by_name_or_because_it_is_active() -> None:
    """An inactive rule is taken only by its name, in whatever case."""
    inactive = read_rules(rules_file([EntryText()], active="false"), "rules.xml")
    active = read_rules(rules_file([EntryText()]), "rules.xml")

    assert choose(inactive, "inbound", "rules.xml").name == "Inbound"
    assert choose(active, None, "rules.xml").is_active

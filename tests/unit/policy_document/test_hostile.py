"""Documents that nobody meant well."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.check import check_policy
from shared.policy.compile import compile_policy
from shared.policy.errors import PolicyError
from shared.policy.parse import parse_policy
from shared.policy.source import MAXIMUM_CHARACTERS

#: Words that the grammar of YAML and that of a policy are made of, split at blanks; then those with blanks in them.
_WORDS = r"{ } [ ] : # | > ' \" &a *a << !!str !x \x ~ null true 2026-13-45 1e999 0x rules pools queues when all not to"
_BLANKS = (": ", ", ", "\n", "\n  ", "- ", "\t", "%YAML 1.1\n", "---\n", "...\n", "\ufeff", "\x85", "9" * 30, "gte")
TOKENS = st.sampled_from((*_WORDS.split(), *_BLANKS))


def accept_or_refuse(text: str) -> None:
    """Read a text; what is not refused can be checked, compiled and asked."""
    try:
        document = parse_policy(text)
    except PolicyError as error:
        if not (error.findings and str(error)):
            raise
        return
    policy = compile_policy(document)
    check_policy(document)
    policy.match(policy.derive({}), qualified=True)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=200), st.lists(TOKENS, max_size=60).map("".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but PolicyError."""
    accept_or_refuse(text)


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_example_is_read_or_refused(example_text: str, data: st.DataObject) -> None:
    """The example with a piece taken out and another put in raises nothing but PolicyError."""
    start = data.draw(st.integers(0, len(example_text)))
    length = data.draw(st.integers(0, 60))
    piece = data.draw(st.one_of(TOKENS, st.text(max_size=8)))

    accept_or_refuse(example_text[:start] + piece + example_text[start + length :])


@settings(max_examples=60)
@given(data=st.data())
def test_a_reworded_example_is_read_or_refused(example_text: str, data: st.DataObject) -> None:
    """The example with some of its lines given another's words raises nothing but PolicyError."""
    lines = example_text.splitlines()
    words = [word for line in lines for word in line.replace(",", " ").replace("{", " ").replace("}", " ").split()]
    for _ in range(data.draw(st.integers(1, 4))):
        old, new = data.draw(st.sampled_from(words)), data.draw(st.sampled_from(words))
        number = data.draw(st.sampled_from([n for n, line in enumerate(lines) if old in line] or [0]))
        lines[number] = lines[number].replace(old, new)

    accept_or_refuse("\n".join(lines))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 100_000, "document.depth"),
        ("{a: " * 1_000, "document.depth"),
        ("- " * 1_000, "document.depth"),
        ("a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}]" for n in range(1, 40)), "document.size"),
        ("a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 500)), "document.depth"),
        ("x" * (MAXIMUM_CHARACTERS + 1), "document.size"),
        ('"\\UFFFFFFFF"', "document.yaml"),
        ("\x00", "document.yaml"),
    ],
)
def test_documents_made_to_exhaust_are_refused_early(text: str, code: str) -> None:
    """Depth, size and what aliases unfold to are bounded, and the refusal says which bound it was."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)

    assert caught.value.findings[0].code == code

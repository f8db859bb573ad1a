"""The example policy, as text, as a document, and compiled."""

from pathlib import Path

import pytest

from shared.policy.compile import Policy, compile_policy
from shared.policy.document import PolicyDocument
from shared.policy.parse import parse_policy

_EXAMPLE = Path(__file__).parents[3].parent / "shared" / "examples" / "policy.yaml"


@pytest.fixture(scope="session")
def example_text() -> str:
    """The text of the example policy."""
    return _EXAMPLE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def example(example_text: str) -> PolicyDocument:
    """The example policy as a document."""
    return parse_policy(example_text)


@pytest.fixture(scope="session")
def policy(example: PolicyDocument) -> Policy:
    """The example policy, compiled."""
    return compile_policy(example)

"""The JSON Schema of the policy document, for editors; written from the same shapes that read it."""

import json
from typing import Final

from shared.policy.condition import ANY_FIELD, TEST_SCHEMA
from shared.policy.parse import DOCUMENT
from shared.policy.shape import JsonSchema

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def policy_schema() -> JsonSchema:
    """The schema of a whole policy document."""
    return {
        "$schema": _DIALECT,
        "title": "Baton routing policy",
        "description": "Who gets which lead, how soon, and what happens if nobody takes it.",
        **DOCUMENT.schema(),
        "$defs": {"condition": ANY_FIELD.schema(), "test": TEST_SCHEMA},
    }


def render_schema() -> str:
    """The schema as the text of `policy.schema.json`."""
    return json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"

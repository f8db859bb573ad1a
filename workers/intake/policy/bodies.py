"""Bodies as texts and back: a Celery message carries texts only, and no byte of an event may change on its way."""

import json
from typing import Any

import orjson


def as_text(body: bytes) -> str:
    """Return a body as a text of which `as_body` makes the same bytes, whatever they are."""
    return body.decode("utf-8", "surrogateescape")


def as_body(item: Any) -> bytes:
    """Return a submitted event, a JSON text or a document, as the bytes that the stream carries."""
    if isinstance(item, str):
        return _encoded(item)
    try:
        return orjson.dumps(item)
    except TypeError:
        # Integers of more than 64 bits and half surrogate pairs: the reader has the last word on them.
        return json.dumps(item).encode()


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")

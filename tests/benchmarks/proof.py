"""How long the check of a policy of 500 rules takes: sound territories, rules drawn at random, and tangled ones."""

import random
import string
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
import pycountry

from shared.normal.state import normal_state
from shared.policy.check import check_policy
from shared.policy.parse import parse_policy

RULES: Final = 500

_LETTERS: Final = string.ascii_uppercase
_STATES: Final = [f"{a}{b}" for a in _LETTERS for b in _LETTERS if normal_state(f"{a}{b}", "US") == f"{a}{b}"][:50]
_COUNTRIES: Final = [one.alpha_2 for one in pycountry.countries if one.alpha_2 != "US"][::6]
_PRODUCTS: Final = [f"P{number}" for number in range(12)]
_LEAD_TYPES: Final = ["demo", "call", "partner", "download", "webinar"]
_SEGMENTS: Final = ["small", "middle", "large"]
_WORDS: Final = [f"word-{number}" for number in range(8)]
_INDUSTRIES: Final = ["software", "finance", "retail", "energy", "food", "legal", "medical"]

_HEAD: Final[Mapping[str, Any]] = {
    "baton_policy": 1,
    "owner": "ops@x.example",
    "vocabulary": {
        "product": _PRODUCTS,
        "lead_type": [*_LEAD_TYPES, "support"],
        "segment": {
            "small": {"employees": {"lt": 100}},
            "middle": {"employees": {"gte": 100, "lt": 1000}},
            "large": {"employees": {"gte": 1000}},
        },
    },
    "attributes": {
        "persona": {"values": ["it", "finance", "people", "sales"]},
        "topic": {"from": "form", "many": True, "words": {word: {"contains": [word]} for word in _WORDS}},
    },
    "qualification": {
        "icp": [{"employees": {"gte": 10}}],
        "intent": {
            "minimum": 30,
            "lead_type": {"demo": 80, "call": 70, "partner": 60, "download": 20, "webinar": 30, "support": 0},
            "hand_raise": 20,
            "signal": {"visit": 15},
        },
    },
    "pools": {f"pool-{number}": {"overflow": ["queue:exceptions"]} for number in range(20)},
    "queues": {"exceptions": {"kind": "exception"}},
}


def measure_proof(rules: int) -> dict[str, Any]:
    """Check policies of so many rules; seconds are of CPU, which is one core's."""
    return {name: _measured(write, rules) for name, write in _WRITERS.items()}


def policy_text(write: Callable[[int, random.Random], Mapping[str, Any]], rules: int) -> str:
    """Return a policy whose rules are written one by one."""
    dice = random.Random(500)
    written = [
        {"name": f"rule-{number}", "when": write(number, dice), "to": f"pool:pool-{number % 20}", "because": "measured"}
        for number in range(rules - 1)
    ]
    rest = {"name": "rest", "to": "queue:exceptions"}
    return orjson.dumps({**_HEAD, "rules": [*written, rest]}).decode()


def _measured(write: Callable[[int, random.Random], Mapping[str, Any]], rules: int) -> dict[str, Any]:
    document = parse_policy(policy_text(write, rules))
    started = time.process_time()
    findings = check_policy(document)
    seconds = round(time.process_time() - started, 1)
    return {"rules": rules, "seconds": seconds, "findings": dict(Counter(one.code for one in findings))}


def _territory(number: int, _dice: random.Random) -> Mapping[str, Any]:
    """A territory of its own: a state, a segment, a product."""
    return {
        "country": "US",
        "state": _STATES[number % 50],
        "segment": _SEGMENTS[number // 50 % 3],
        "product": _PRODUCTS[number // 150],
    }


def _zip_codes(number: int, dice: random.Random) -> Mapping[str, Any]:
    """Forty beginnings of ZIP codes that nobody else has, for some lead types."""
    beginnings = [f"{number * 40 + place:05}" for place in range(40)]
    return {"country": "US", "postal_code": {"starts_with": beginnings}, "lead_type": dice.sample(_LEAD_TYPES, 3)}


def _place(dice: random.Random) -> dict[str, Any]:
    kind = dice.random()
    if kind < 0.3:
        return {"country": "US", "state": dice.sample(_STATES, dice.randint(1, 6))}
    if kind < 0.6:
        beginnings = [f"{dice.randint(0, 999):03}" for _ in range(dice.randint(1, 20))]
        return {"country": "US", "postal_code": {"starts_with": beginnings}}
    return {"country": dice.sample(_COUNTRIES, dice.randint(1, 5))}


_TESTS: Final[tuple[Callable[[random.Random], dict[str, Any]], ...]] = (
    lambda dice: {"product": dice.sample(_PRODUCTS, dice.randint(1, 4))},
    lambda dice: {"segment": dice.choice(_SEGMENTS)},
    lambda dice: {"employees": {"gte": dice.randint(10, 500), "lt": dice.randint(600, 5000)}},
    lambda dice: {"industry": dice.sample(_INDUSTRIES, 2)},
    lambda dice: {"lead_type": dice.sample(_LEAD_TYPES, 2)},
    lambda dice: {"channel": dice.choice(["form", "chat", "phone"])},
    lambda dice: {"persona": dice.choice(["it", "finance", "people"])},
    lambda dice: {"topic": dice.choice(_WORDS)},
    lambda dice: {"intent": {"gte": dice.choice([40, 60, 90])}},
    lambda dice: {"hand_raise": dice.random() < 0.9},
)


def _drawn(_number: int, dice: random.Random) -> Mapping[str, Any]:
    """A place and up to four other tests at random, so that most rules overlap many others."""
    when = _place(dice)
    for test in dice.sample(_TESTS, dice.randint(1, 4)):
        when |= test(dice)
    return when


def _tangled(_number: int, dice: random.Random) -> Mapping[str, Any]:
    """All of some lists of which any will do, with parts negated."""
    parts = []
    for _ in range(dice.randint(2, 4)):
        leaves = [_place(dice) if dice.random() < 0.2 else dice.choice(_TESTS)(dice) for _ in range(dice.randint(2, 5))]
        parts.append({"any": [{"not": leaf} if dice.random() < 0.4 else leaf for leaf in leaves]})
    return {"all": parts}


_WRITERS: Final = {"territories": _territory, "zip_codes": _zip_codes, "drawn": _drawn, "tangled": _tangled}

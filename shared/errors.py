"""The one tree of errors; every message is a sentence a person can act on.

BatonError
├── UsageError            wrong input from a person: exit 2
│   ├── SettingsError     an environment variable is unknown, missing or malformed
│   └── InputFileError    a file cannot be read, or a line of it cannot be understood
├── RefusedError          a law or the policy says no: exit 1
│   └── PolicyError       the policy document is wrong; carries its findings
├── UnavailableError      a needed server does not answer: exit 69
└── InternalError         a promise of the code itself is broken: a bug
"""


class BatonError(Exception):
    """Something went wrong that Baton can explain in one sentence."""

    exit_code = 1


class UsageError(BatonError):
    """A person gave input that cannot be used."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown, missing or malformed."""


class InputFileError(UsageError):
    """A file cannot be read, or a line of it cannot be understood."""


class RefusedError(BatonError):
    """A law or the policy refuses what was asked."""


class UnavailableError(BatonError):
    """A server that is needed does not answer."""

    exit_code = 69


class InternalError(BatonError):
    """A promise of the code itself is broken."""

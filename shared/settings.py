"""Settings come from the environment only, are read once, and are refused all at once.

Every setting is `BATON_` and its name in capitals. A secret may stand in a file that `BATON_…_FILE` names. The plain
`DATABASE_URL`, `REDIS_URL` and `CELERY_BROKER_URL` that platforms set are used where ours is absent.
"""

import base64
import binascii
import difflib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from shared.errors import SettingsError

PREFIX = "BATON_"

#: What other platforms call our settings, in the order in which they are asked.
FOREIGN_NAMES = {"database_url": ("DATABASE_URL",), "redis_url": ("REDIS_URL", "CELERY_BROKER_URL")}

#: Kubernetes tells a container of every service beside it: `BATON_…_SERVICE_HOST`, `BATON_…_PORT=tcp://…` and so on.
_KUBERNETES_NAME = re.compile(
    r"_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$", re.ASCII
)
_KUBERNETES_VALUE = re.compile(r"(tcp|udp|sctp)://", re.ASCII)

Provider = Literal["account", "listed", "clearbit", "apollo", "zoominfo"]
#: The providers that need no key.
_FREE_PROVIDERS: tuple[Provider, ...] = ("account", "listed")
#: Those that sell facts, in the order in which they are asked once their key is there.
VENDORS: tuple[Provider, ...] = ("clearbit", "apollo", "zoominfo")


def _postgresql(url: str) -> str:
    """Bring the spellings that platforms use to the one that libpq and psql understand."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in {"postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"}:
        message = "must start with postgresql://"
        raise ValueError(message)
    return f"postgresql://{rest}"


#: sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NUMBER?master=NAME
_SENTINEL_URL = re.compile(
    r"sentinel://([^@/]*@)?[\w.-]+(:\d+)?(,[\w.-]+(:\d+)?)*/\d+\?(\w+=[^&]*&)*master=[^&]+(&.*)?", re.ASCII
)


def _redis(url: str) -> str:
    """Valkey speaks the protocol of Redis; the libraries know only the older name."""
    if _SENTINEL_URL.fullmatch(url):
        return url
    parts = urlsplit(url)
    scheme = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        message = (
            "must be redis://HOST:PORT/NUMBER, rediss:// with TLS, or sentinel://HOST:PORT,HOST:PORT/NUMBER?master=NAME"
        )
        raise ValueError(message)
    return urlunsplit(parts._replace(scheme=scheme))


def _http(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = "must start with https:// or http://"
        raise ValueError(message)
    return url.rstrip("/")


def _signing_secret(secret: str) -> str:
    """Check the form that Standard Webhooks gives a secret: whsec_ and base64."""
    if secret.startswith("whsec_"):
        try:
            base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            message = "is not base64 behind whsec_"
            raise ValueError(message) from None
    return secret


def _words(value: object) -> object:
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


DatabaseUrl = Annotated[str, AfterValidator(_postgresql)]
RedisUrl = Annotated[str, AfterValidator(_redis)]
HttpUrl = Annotated[str, AfterValidator(_http)]
SigningSecret = Annotated[str, AfterValidator(_signing_secret)]


def _secret(help_text: str) -> Any:
    return Field(default=None, repr=False, description=help_text, json_schema_extra={"secret": True})


class Settings(BaseModel):
    """What a process is told from outside; every default suits a laptop."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    home: Path = Field(default=Path(".baton"), description="folder of the local servers, their data and logs")
    database_url: DatabaseUrl | None = _secret("postgresql://… of your server; empty: a local PostgreSQL is started")
    redis_url: RedisUrl | None = _secret("redis://… of your server; empty: a local Redis is started")
    db_pool_size: int = Field(default=2, ge=1, le=50, description="connections to PostgreSQL per process")
    db_prepare_threshold: int | None = Field(
        default=None, ge=0, description="prepare a statement after so many uses; empty: never (safe behind a pooler)"
    )

    stream_key: str = Field(default="baton:events", min_length=1, description="Redis Stream that pipelines publish to")
    stream_maxlen: int | None = Field(
        default=None, ge=1, description="drop the oldest events beyond about so many, read or not; empty: never"
    )
    # What a batch costs beside its leads (messages, locks, pools) is a seventh less per lead than with 500, and a batch
    # takes a fifth of a second in its longest stage.
    batch_size: int = Field(
        default=1000, ge=1, le=5000, description="leads or events that one task or read handles at once"
    )
    # Live routing waits for the same reps as long as such a batch takes, so a tenth of it is moved while leads come.
    reassignment_batch_size: int = Field(
        default=1000,
        ge=1,
        le=5000,
        description="leads that one transaction of a bulk move handles; a tenth beside new leads",
    )
    visibility_timeout_seconds: int = Field(
        default=600, ge=60, description="a Celery message that nobody acknowledged for so long is delivered again"
    )
    worker_concurrency: int = Field(default=1, ge=1, le=64, description="child processes of each Celery worker")

    arm_horizon_seconds: int = Field(
        default=120, ge=1, description="how long before it is due a deadline gets its countdown"
    )
    sweep_after_seconds: float = Field(
        default=30, gt=0, description="a lead that stands longer in a moving status is handed on again"
    )
    keeper_tick_seconds: float = Field(default=1, gt=0, le=60, description="how often the keeper looks for what is due")

    providers: tuple[Provider, ...] = Field(
        default=_FREE_PROVIDERS,
        description="sources of facts in the order in which they are asked; empty: account, listed, and every "
        "vendor whose key is set",
    )
    clearbit_key: str | None = _secret("key of Clearbit")
    clearbit_url: HttpUrl | None = Field(default=None, description="address of Clearbit, if not its public one")
    apollo_key: str | None = _secret("key of Apollo")
    apollo_url: HttpUrl | None = Field(default=None, description="address of Apollo, if not its public one")
    zoominfo_key: str | None = _secret("key of ZoomInfo")
    zoominfo_url: HttpUrl | None = Field(default=None, description="address of ZoomInfo, if not its public one")
    vendor_timeout_seconds: float = Field(
        default=3, gt=0, le=60, description="a vendor that takes longer is passed over"
    )

    slack_bot_token: str | None = _secret("token of a Slack app (xoxb-…); empty: no message is addressed by channel")
    slack_webhook_url: HttpUrl | None = _secret(
        "incoming webhook of Slack, for all that has no address of its own, or for everything without a bot token"
    )
    slack_api_url: HttpUrl | None = Field(default=None, description="address of Slack's Web API, if not its public one")
    webhook_map_url: HttpUrl | None = _secret("https://… that nurture tracks with `send: webhook:map` are posted to")
    webhook_map_secret: SigningSecret | None = _secret("secret with which those posts are signed, plain or as whsec_…")
    notice_timeout_seconds: float = Field(
        default=5, gt=0, le=30, description="a receiver of notices that takes longer is tried again later"
    )

    metrics_host: str = Field(
        default="127.0.0.1", min_length=1, description="address of /metrics; 0.0.0.0 in a container"
    )
    metrics_port: int = Field(
        default=9464,
        ge=0,
        le=65535,
        description="port of /metrics, /healthz and /readyz; `baton up` counts on from it; 0: off",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        default="info", description="least level that is logged: debug, info, warning or error"
    )
    log_format: Annotated[Literal["json", "console", "auto"], BeforeValidator(_lower)] = Field(
        default="auto", description="json, console, or auto: console on a terminal, else json"
    )
    debug: bool = Field(default=False, description="true: an error shows its traceback")

    @model_validator(mode="before")
    @classmethod
    def _choose_providers(cls, values: dict[str, Any]) -> dict[str, Any]:
        if not values.get("providers"):
            with_key = tuple(name for name in VENDORS if values.get(f"{name}_key"))
            return {**values, "providers": _FREE_PROVIDERS + with_key}
        return {**values, "providers": _words(values["providers"])}

    @model_validator(mode="after")
    def _fit_together(self) -> "Settings":
        if self.arm_horizon_seconds * 3 > self.visibility_timeout_seconds:
            message = (
                f"{PREFIX}ARM_HORIZON_SECONDS={self.arm_horizon_seconds} is more than a third of "
                f"{PREFIX}VISIBILITY_TIMEOUT_SECONDS={self.visibility_timeout_seconds}: countdowns would be doubled"
            )
            raise ValueError(message)
        for name in VENDORS:
            if name in self.providers and getattr(self, f"{name}_key") is None:
                message = f"{PREFIX}PROVIDERS names {name}, but {PREFIX}{name.upper()}_KEY is not set"
                raise ValueError(message)
        if self.webhook_map_url and not self.webhook_map_secret:
            message = f"{PREFIX}WEBHOOK_MAP_URL is set, but {PREFIX}WEBHOOK_MAP_SECRET is not: posts are always signed"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the documentation of settings; `value` is None where nothing was read, and masked for a secret."""

    name: str
    help: str
    default: str
    secret: bool
    value: str | None = None


def load_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Read the environment; raise one SettingsError that names everything that is wrong in it."""
    problems: list[str] = []
    values: dict[str, str] = {}
    for name in Settings.model_fields:
        value = _read(env, name, problems)
        if value is not None:
            values[name] = value
    problems.extend(_unknown_names(env))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems.extend(_sentence(env, dict(problem)) for problem in error.errors())
        raise SettingsError("; ".join(problems)) from None
    if problems:
        raise SettingsError("; ".join(problems))
    return settings


def describe(settings: Settings | None = None) -> tuple[Setting, ...]:
    """List every setting with its help and default, and with the values of `settings`; secrets are masked."""
    return tuple(_describe(name, field, settings) for name, field in Settings.model_fields.items())


def env_example() -> str:
    """Write the text of `.env.example`: every setting, at its default, commented out."""
    lines = ["# Every setting of Baton, at its default. None is needed on a laptop."]
    for setting in describe():
        in_a_file = f"; or {setting.name}_FILE, the name of a file that holds it" if setting.secret else ""
        lines += ["", f"# {setting.help}{in_a_file}", f"#{setting.name}={setting.default}"]
    return "\n".join([*lines, ""])


def mask_url(url: str) -> str:
    """Hide the password of a URL."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))


def _is_secret(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("secret"))


def _describe(name: str, field: FieldInfo, settings: Settings | None) -> Setting:
    secret = _is_secret(field)
    value = None if settings is None else getattr(settings, name)
    return Setting(
        name=PREFIX + name.upper(),
        help=field.description or "",
        default="" if name == "providers" else _as_text(field.default),
        secret=secret,
        value=None if settings is None else _masked(_as_text(value)) if secret else _as_text(value),
    )


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _masked(text: str) -> str:
    """Hide a secret; of a server's address only the password, but a webhook's address is a secret as a whole."""
    if text.startswith(("postgresql://", "redis://", "rediss://")):
        return mask_url(text)
    return "***" if text else ""


def _read(env: Mapping[str, str], name: str, problems: list[str]) -> str | None:
    """Find the value of a setting in its variable, its file, or under a foreign name; an empty one is absent."""
    variable = PREFIX + name.upper()
    value = env.get(variable, "").strip()
    if _KUBERNETES_VALUE.match(value) and variable.endswith("_PORT"):
        value = ""
    path = env.get(f"{variable}_FILE", "") if _is_secret(Settings.model_fields[name]) else ""
    if value and path:
        problems.append(f"{variable} and {variable}_FILE are both set: keep one of them")
    if path and not value:
        return _read_file(f"{variable}_FILE", path, problems)
    return value or next((env[other] for other in FOREIGN_NAMES.get(name, ()) if env.get(other)), None)


def _read_file(variable: str, path: str, problems: list[str]) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        problems.append(f"{variable}: cannot read {path}: {reason}")
        return None


def _unknown_names(env: Mapping[str, str]) -> Iterator[str]:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{setting.name}_FILE" for setting in describe() if setting.secret}
    for name in sorted(env):
        if not name.startswith(PREFIX) or name in known or _KUBERNETES_NAME.search(name):
            continue
        if name.endswith("_PORT") and _KUBERNETES_VALUE.match(env[name]):
            continue
        nearest = difflib.get_close_matches(name, sorted(known), n=1)
        yield f"{name} is not a setting" + (f": did you mean {nearest[0]}?" if nearest else "")


def _sentence(env: Mapping[str, str], problem: Mapping[str, Any]) -> str:
    """Say what is wrong with one variable, in the words of the person who set it; never repeat a secret."""
    if not problem["loc"]:
        return str(problem["ctx"]["error"])
    name = str(problem["loc"][0])
    variable = PREFIX + name.upper()
    if variable not in env and f"{variable}_FILE" not in env:
        variable = next((other for other in FOREIGN_NAMES.get(name, ()) if env.get(other)), variable)
    shown = "" if _is_secret(Settings.model_fields[name]) else f"={problem['input']}"
    reason = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{variable}{shown}: {reason[:1].lower()}{reason[1:]}"


if __name__ == "__main__":
    sys.stdout.write(env_example())

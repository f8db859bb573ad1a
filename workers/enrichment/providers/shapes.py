"""The dialects of the vendors: how Clearbit, Apollo and ZoomInfo are asked about a domain, and how they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from workers.enrichment.policy.company_facts import company_facts

# Where the vendors answer, unless settings say otherwise.
ADDRESSES: Final = {
    "clearbit": "https://company.clearbit.com",
    "apollo": "https://api.apollo.io",
    "zoominfo": "https://api.zoominfo.com",
}


class UnreadableAnswerError(ValueError):
    """The vendor's answer does not have the shape that its documentation promises."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] | None = None
    json: object | None = None


class Shape(Protocol):
    """A vendor's dialect."""

    @property
    def name(self) -> str:
        """The vendor's name in settings, findings and metrics."""

    def login(self) -> Call | None:
        """Return the request that buys a token, or None when the key itself is the token."""

    def token(self, document: object) -> str:
        """Return the token from the answer to the login."""

    def call(self, domain: str, token: str | None) -> Call:
        """Return the request that asks for a domain; only the domain leaves, nothing about a person."""

    def facts(self, document: object) -> dict[str, object] | None:
        """Return the facts of an answer, or None when the vendor does not know the company."""


@dataclass(frozen=True, slots=True)
class Clearbit:
    """GET by domain with a bearer key; 404 when unknown, 202 while it is still looking."""

    key: str = field(repr=False)
    name: str = "clearbit"

    def login(self) -> Call | None:
        """Nothing to log in to."""
        return None

    def token(self, document: object) -> str:  # noqa: ARG002 - there is no answer to read
        """Never asked for."""
        raise UnreadableAnswerError("Clearbit has no login")

    def call(self, domain: str, token: str | None) -> Call:  # noqa: ARG002 - the key is the token
        """Ask by query parameter."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return Call("GET", "/v2/companies/find", headers, params={"domain": domain})

    def facts(self, document: object) -> dict[str, object] | None:
        """Read the company document."""
        company = _object(document)
        metrics, geo, category = (_object(company.get(part) or {}) for part in ("metrics", "geo", "category"))
        raw = {
            "company": company.get("name"),
            "website": company.get("domain"),
            "country": geo.get("countryCode") or geo.get("country"),
            "state": geo.get("stateCode") or geo.get("state"),
            "postal_code": geo.get("postalCode"),
            "employees": metrics.get("employees") or metrics.get("employeesRange"),
            "industry": [category.get(level) for level in ("industry", "industryGroup", "sector")],
            "tech_stack": company.get("tech"),
        }
        return company_facts(raw) or None


@dataclass(frozen=True, slots=True)
class Apollo:
    """POST by domain with an API key in a header; an empty organization when unknown."""

    key: str = field(repr=False)
    name: str = "apollo"

    def login(self) -> Call | None:
        """Nothing to log in to."""
        return None

    def token(self, document: object) -> str:  # noqa: ARG002 - there is no answer to read
        """Never asked for."""
        raise UnreadableAnswerError("Apollo has no login")

    def call(self, domain: str, token: str | None) -> Call:  # noqa: ARG002 - the key is the token
        """Ask by JSON body."""
        return Call("POST", "/api/v1/organizations/enrich", {"x-api-key": self.key}, json={"domain": domain})

    def facts(self, document: object) -> dict[str, object] | None:
        """Read the organization."""
        organization = _object(_object(document).get("organization") or {})
        raw = {
            "company": organization.get("name"),
            "website": organization.get("website_url") or organization.get("primary_domain"),
            "country": organization.get("country"),
            "state": organization.get("state"),
            "postal_code": organization.get("postal_code"),
            "employees": organization.get("estimated_num_employees"),
            "industry": organization.get("industries") or organization.get("industry"),
            "tech_stack": organization.get("technology_names"),
        }
        return company_facts(raw) or None


@dataclass(frozen=True, slots=True)
class ZoomInfo:
    """A login that buys a JSON web token for an hour, then POST with what to match and which fields to return."""

    username: str
    password: str = field(repr=False)
    name: str = "zoominfo"

    def login(self) -> Call | None:
        """Log in with name and password."""
        return Call("POST", "/authenticate", json={"username": self.username, "password": self.password})

    def token(self, document: object) -> str:
        """Read the token."""
        token = _object(document).get("jwt")
        if not isinstance(token, str) or not token:
            raise UnreadableAnswerError("the answer to the login has no jwt")
        return token

    def call(self, domain: str, token: str | None) -> Call:
        """Ask by website."""
        body = {
            "matchCompanyInput": [{"companyWebsite": domain}],
            "outputFields": [
                *("name", "website", "employeeCount", "employeeRange", "primaryIndustry"),
                *("country", "state", "zipCode", "techAttributes"),
            ],
        }
        return Call("POST", "/enrich/company", {"Authorization": f"Bearer {token}"}, json=body)

    def facts(self, document: object) -> dict[str, object] | None:
        """Read the first result, unless it is no match."""
        results = _object(_object(document).get("data") or {}).get("result") or []
        if not isinstance(results, list):
            raise UnreadableAnswerError("data.result is not a list")
        result = _object(results[0]) if results else {}
        if str(result.get("matchStatus", "NO_MATCH")).upper() == "NO_MATCH":
            return None
        company = _object(result.get("data") or {})
        raw = {
            "company": company.get("name"),
            "website": company.get("website"),
            "country": company.get("country"),
            "state": company.get("state"),
            "postal_code": company.get("zipCode"),
            "employees": company.get("employeeCount") or company.get("employeeRange"),
            "industry": company.get("primaryIndustry"),
            "tech_stack": _products(company.get("techAttributes")),
        }
        return company_facts(raw) or None


def _products(attributes: object) -> list[object]:
    entries = attributes if isinstance(attributes, list) else []
    return [entry.get("product") if isinstance(entry, dict) else entry for entry in entries]


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableAnswerError("a JSON object was expected")
    return value

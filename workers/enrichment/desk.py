"""The desk at which vendors are asked: one per process, so that circuits and connections are shared by its batches."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine

from shared.bus.context import Context
from shared.metrics import ENRICHMENT_REQUESTS
from shared.settings import Settings
from workers.enrichment.answer_cache import DatabaseCache
from workers.enrichment.policy.dossier import Dossier
from workers.enrichment.policy.facts import still_wanted
from workers.enrichment.policy.finding import Finding, Outcome
from workers.enrichment.providers.shapes import ADDRESSES, Apollo, Clearbit, Shape, ZoomInfo
from workers.enrichment.providers.vendor import HttpVendor, VendorLimits, new_client

FREE = frozenset({"account", "listed"})


class VendorDesk:
    """Asks the vendors of the settings, each about the leads that still lack what it could supply."""

    def __init__(self) -> None:
        self._vendors: Mapping[str, HttpVendor] | None = None

    def is_wanted(self, dossier: Dossier, settings: Settings) -> bool:
        """Say whether a vendor is configured and could add something about the lead's company."""
        has_vendor = any(name not in FREE for name in settings.providers)
        if not has_vendor or dossier.query is None or dossier.query.domain is None:
            return False
        return bool(still_wanted(dossier.reading, dossier.findings))

    def ask(self, context: Context, dossiers: Sequence[Dossier]) -> list[Dossier]:
        """Ask every vendor in the configured order; one that fails leaves its mark on the lead and nothing else."""
        vendors = self._open(context)
        for vendor in vendors.values():
            wanting = [one.query for one in dossiers if one.query and still_wanted(one.reading, one.findings)]
            answers = vendor.look_up(wanting) if wanting else {}
            dossiers = [_with_answer(one, answers) for one in dossiers]
        return list(dossiers)

    def close(self) -> None:
        """Give back the vendors' connections and threads; the next question opens new ones."""
        for vendor in (self._vendors or {}).values():
            vendor.close()

    def _open(self, context: Context) -> Mapping[str, HttpVendor]:
        if self._vendors is None:
            self._vendors = {
                name: open_vendor(name, context.settings, context.engine)
                for name in context.settings.providers
                if name not in FREE
            }
        return self._vendors


def open_vendor(name: str, settings: Settings, engine: Engine) -> HttpVendor:
    """Return a vendor as the settings describe it."""
    shape = _shape(name, settings)
    address = getattr(settings, f"{name}_url") or ADDRESSES[name]
    return HttpVendor(
        shape,
        DatabaseCache(engine),
        lambda: new_client(address),
        VendorLimits(request_seconds=settings.vendor_timeout_seconds),
        count=_count,
    )


def _shape(name: str, settings: Settings) -> Shape:
    if name == "clearbit":
        return Clearbit(settings.clearbit_key or "")
    if name == "apollo":
        return Apollo(settings.apollo_key or "")
    # ZoomInfo buys a token with a name and a password; both stand in the one secret.
    username, _, password = (settings.zoominfo_key or "").partition(":")
    return ZoomInfo(username, password)


def _with_answer(dossier: Dossier, answers: Mapping[int, Finding]) -> Dossier:
    answer = answers.get(dossier.lead.lead_id)
    return dossier.with_findings([answer]) if answer is not None else dossier


def _count(provider: str, outcome: Outcome, number: int) -> None:
    """Count questions to a vendor."""
    ENRICHMENT_REQUESTS.labels(provider=provider, outcome=str(outcome)).inc(number)

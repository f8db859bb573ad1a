"""What a person reads of a run; the JSON document has the same numbers and more."""

from collections.abc import Mapping
from typing import Any

from shared.console import print_table, say

_LOOKS = (("arm", "to be armed"), ("find_late", "late"))


def print_report(document: Mapping[str, Any]) -> None:
    """Print the run as tables."""
    machine, sections = document["machine"], document["sections"]
    say(f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}")
    say("fsync is on; foreign cores are what other programs used meanwhile: the more, the less the rates say.\n")
    _print_rates(sections, document["ratios"])
    _print_costs(sections["pipeline"])
    _print_latency(sections)
    rows = [(stage, *sizes.values()) for stage, sizes in sections["statements"].items()]
    sizes = [f"batch of {size}" for size in next(iter(sections["statements"].values()))]
    print_table(["statements per", *sizes], rows)
    print_table(["process", "memory MB"], sections["memory"].items())
    _print_rehearsal(sections["rehearsal"])
    proofs = [(name, *one.values()) for name, one in sections["proof"].items()]
    print_table(["check of a policy", "rules", "CPU seconds", "findings"], proofs)
    _print_timers(sections["timers"])
    _print_bulk(sections["bulk"])
    if "growth" in sections:
        _print_growth(sections["growth"])


def _print_rates(sections: Mapping[str, Any], ratios: Mapping[str, Any]) -> None:
    names = {"pipeline": "Baton", "naive": "naive pipeline", "noop_chain": "four no-op tasks per lead"}
    rows = []
    for name, title in names.items():
        one = sections[name]
        cpu = one["cpu_us_per_lead"].get("total")
        rows.append((title, one["leads"], one["leads_per_second"], cpu, one["foreign_cores"]))
    print_table(["pipeline", "leads", "leads/s", "CPU us/lead", "foreign cores"], rows)
    say(f"Baton, steady (between a tenth and nine tenths): {sections['pipeline']['steady_leads_per_second']} leads/s")
    say(
        f"Ratios: {ratios['to_naive']} x the naive pipeline (by CPU {ratios['cpu_to_naive']}), "
        f"{ratios['to_noop_chain']} x the no-op chain (by CPU {ratios['cpu_to_noop_chain']})\n"
    )


def _print_costs(pipeline: Mapping[str, Any]) -> None:
    costs = sorted(pipeline["cpu_us_per_lead"].items(), key=lambda item: -item[1])
    print_table(["process", "CPU us/lead"], [(name, used) for name, used in costs if name != "benchmark"])


def _print_latency(sections: Mapping[str, Any]) -> None:
    full, low = sections["pipeline"], sections["low_load"]
    rows = [
        ("full load, capture to owner", *full["capture_to_owner_ms"].values()),
        (f"{low['per_second']} leads/s, capture to owner", *low["capture_to_owner_ms"].values()),
        (f"{low['per_second']} leads/s, publication to owner", *low["publish_to_owner_ms"].values()),
    ]
    print_table(["latency", "p50 ms", "p99 ms"], rows)


def _print_rehearsal(rehearsal: Mapping[str, Any]) -> None:
    rows = [
        (name, one["leads"], one["seconds"], one["cpu_us_per_lead"], one["differs"]) for name, one in rehearsal.items()
    ]
    print_table(["rehearsal of a policy that is", "leads", "seconds", "CPU us/lead", "leads that differ"], rows)


def _print_bulk(bulk: Mapping[str, Any]) -> None:
    say(f"A territory of {bulk['leads']} open leads is split: planned in {bulk['plan_seconds']} s.")
    rows = [
        (
            word,
            one["leads"],
            one["left"],
            one["leads_per_second"],
            one["cpu_us_per_lead"].get("total"),
            one["foreign_cores"],
        )
        for word, one in (
            ("applied", bulk["alone"]),
            ("undone", bulk["undo"]),
            ("applied beside new leads", bulk["beside"]),
        )
    ]
    print_table(["bulk move", "leads", "left", "leads/s", "CPU us/lead", "foreign cores"], rows)
    idle, beside = bulk["idle_publish_to_owner_ms"], bulk["beside_publish_to_owner_ms"]
    rows = [("without a move", *idle.values()), ("beside it", *beside.values())]
    print_table(["new leads, publication to owner", "p50 ms", "p99 ms"], rows)
    back = "yes" if bulk["everything_back"] else "NO"
    say(f"Everything back where it was: {back}. Breaches: {', '.join(bulk['breaches']) or 'none'}.\n")


def _print_growth(growth: Mapping[str, Any]) -> None:
    print_table(
        ["leads in the tables", "steady leads/s", "PostgreSQL us/lead"],
        zip(
            (growth["leads_before"], growth["leads_after"]),
            growth["steady_leads_per_second"],
            growth["postgres_cpu_us_per_lead"],
            strict=True,
        ),
    )


def _print_timers(timers: Mapping[str, Any]) -> None:
    few, many = timers["outstanding"]
    rows = [
        *((f"{name}, MB", used, many["memory_mb"][name]) for name, used in few["memory_mb"].items()),
        *((f"broker, {name}", used, many["broker"][name]) for name, used in few["broker"].items()),
        *((f"look for what is {what}, ms", few[name]["ms"], many[name]["ms"]) for name, what in _LOOKS),
        *(
            (f"look for what is {what}, 8-kB blocks", few[name]["blocks"], many[name]["blocks"])
            for name, what in _LOOKS
        ),
        ("fire a batch of 1,000, ms", few["fire_batch_ms"], many["fire_batch_ms"]),
    ]
    print_table(["deadlines that are hours away", f"{few['deadlines']:,}", f"{many['deadlines']:,}"], rows)
    say(f"Found by: {', '.join(sorted({*many['arm']['scans'], *many['find_late']['scans']}))}")
    late = timers["lateness"]
    say(
        f"Lateness at {late['per_second']} deadlines/s: p50 {late['p50'] * 1000:.0f} ms, "
        f"p99 {late['p99'] * 1000:.0f} ms, longest until seen by others {late['longest_visible'] * 1000:.0f} ms; "
        f"{late['by_countdown']} of {late['fired']} fired by countdowns, {late['foreign_cores']} foreign cores\n"
    )

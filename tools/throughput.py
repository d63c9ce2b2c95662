"""Write what book/serving.md shows: what `benchmarks/serving.py` measured of the server under load."""

import json
from pathlib import Path

from prefix_lab.bases.standings import as_table
from prefix_lab.figures import Drawing

STORED = Path(__file__).parents[1] / "benchmarks" / "serving.json"
KINDS = ("whole", "streamed")
WAYS = ("all at once", "one prefix at a time", "one request at a time")
BAR = 3  # times the throughput of one prefix at a time
BASES = {
    "lab-gpt": "lab-gpt, 2.6 million parameters",
    "smollm2-135m": "SmolLM2, 135 million parameters",
    "smollm2-135m, bfloat16": "SmolLM2 in bfloat16",
}


def records() -> dict[str, dict]:
    """The stored record of each base and precision, small bases first."""
    found = json.loads(STORED.read_text(encoding="utf-8"))
    return {base: found[base] for base in BASES if base in found}


def load_table() -> str:
    """Tokens a second, latency and time to the first token of each base and way of asking."""
    head = ["base", "asked", "tokens a second", "seconds of a request", "to its first token"]
    rows = [head]
    for base, record in records().items():
        for way in WAYS:
            whole, streamed = record["whole"][way], record["streamed"][way]
            rate = whole["tokens a second"]
            rows.append([
                f"`{base}`", way, f"{rate['median']:,.0f} ({rate['low']:,.0f}\u2013{rate['high']:,.0f})",
                _late(whole["latency"]), _late(streamed["first token"]),
            ])  # fmt: skip
    return as_table(rows)


def ratios_table() -> str:
    """How many times the throughput all at once has, by both clocks, beside what is asked."""
    rows = [["base", "replies", "over", "asked", "wall clock", "server's processor"]]
    for base, record in records().items():
        for kind in KINDS:
            for way in WAYS[1:]:
                asked = f"\u2265\u00a0{BAR}" if way == WAYS[1] else ""
                spreads = [_spread(record[kind][f"over {way}"][clock]) for clock in ("wall", "processor")]
                rows.append([f"`{base}`", kind, way, asked, *spreads])
    return as_table(rows)


def _spread(found: dict) -> str:
    return f"{found['median']:.2f} ({found['low']:.2f}\u2013{found['high']:.2f})"


def _late(found: dict) -> str:
    return f"{found['p50']:.2f}, {found['p95']:.2f}"


def facts() -> dict[str, str]:
    """When and on what, and whether the bar is met: what the prose has no numbers of its own for."""
    found = records()
    ratios = {base: [one[kind][f"over {WAYS[1]}"]["wall"]["median"] for kind in KINDS] for base, one in found.items()}
    return {
        "the dates": " to ".join(dict.fromkeys(one["date"] for one in found.values())),
        "the machine": next(iter(found.values()))["machine"],
        "the commands": " and ".join(f"`{one['command']}`" for one in found.values()),
        "the equal": _equal(one for one in found.values() if one["dtype"] == "float32"),
        "the equal in 16 bits": _equal(one for one in found.values() if one["dtype"] == "bfloat16"),
        "the bar": ", ".join(f"{_met(values)} by `{base}`" for base, values in ratios.items()),
    }


def _equal(records) -> str:
    """How many replies are those that their requests get alone."""
    equal = [one[kind]["equal to the reply alone"].split(" of ") for one in records for kind in KINDS]
    return f"{sum(int(same) for same, _ in equal):,} of {sum(int(whole) for _, whole in equal):,}"


def _met(ratios: list[float]) -> str:
    """Whether the ratios, of whole and streamed replies, reach the bar."""
    return "met" if min(ratios) >= BAR else "met in part" if max(ratios) >= BAR else "missed"


def parts() -> dict[str, str]:
    """What stands in the page's places."""
    return facts() | {"the load": load_table(), "the ratios": ratios_table()}


def tokens_a_second() -> Drawing:
    """A bar for each base and way of asking, its length the tokens a second over those of all at once."""
    found, left, most, step = records(), 166, 124, 28
    sheet = Drawing(340, len(found) * (len(WAYS) * step + 40))
    for place, (base, record) in enumerate(found.items()):
        top = place * (len(WAYS) * step + 40)
        sheet.text(4, top + 14, BASES[base], ha="left", bold=True)
        fastest = record["whole"][WAYS[0]]["tokens a second"]["median"]
        for row, way in enumerate(WAYS):
            rate, y = record["whole"][way]["tokens a second"]["median"], top + 32 + step * row
            length = max(6, most * rate / fastest)
            sheet.text(left - 8, y + 10, way, ha="right")
            sheet.box(left, y, length, 20, role="frozen" if row else "prefix", fill=0.35)
            sheet.text(left + length + 6, y + 10, f"{rate:,.0f}", ha="left")
    return sheet

"""How a measurement is kept: the machine it was made on, the spread of its rounds, and a file that is written whole."""

import json
import os
import platform
from pathlib import Path
from statistics import median, quantiles


def machine() -> str:
    """The processor's kind and its cores."""
    return f"{platform.machine()}, {os.cpu_count()} cores"


def spread(values: list[float], digits: int = 3) -> dict[str, float]:
    """Median and middle half."""
    low, _, high = quantiles(values, n=4)
    return {"median": round(median(values), digits), "low": round(low, digits), "high": round(high, digits)}


def ratios(over: list[float], under: list[float], digits: int = 3) -> dict[str, float]:
    """The spread of the ratios of two methods, round by round."""
    return spread([a / b for a, b in zip(over, under)], digits)


def write(path: Path, record: dict, listed: str) -> None:
    """The record as JSON: a line for each entry, and for each item of the entry that is `listed`, which comes last."""
    from prefix_lab.checkpoint import replace_file  # torch comes with it, for which some set the environment first

    items = ",\n  ".join(json.dumps(item) for item in record[listed])
    head = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in record.items() if key != listed]
    replace_file(path, ("{" + ",\n ".join([*head, f'"{listed}": [\n  {items}\n ]']) + "\n}\n").encode())

"""What callers pass: integers of any library, one name or several, and what a module's forward takes."""

import functools
import inspect
import math
from numbers import Integral, Real

from torch import nn


def integer(name: str, value, least: int = 1) -> int:
    """The argument as a Python integer, which JSON knows too. ValueError unless it is an integer, `least` or more."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")
    return int(value)


def number(name: str, value, least: float = -math.inf, most: float = math.inf) -> float | int:
    """The argument as a Python number. ValueError unless it is one, from `least` to `most`."""
    if not isinstance(value, Real) or isinstance(value, bool) or not least <= value <= most:
        above = "" if least == -math.inf else f" from {least} {'up' if most == math.inf else f'to {most}'}"
        raise ValueError(f"{name} must be a number{above}, got {value!r}")
    return int(value) if isinstance(value, Integral) else float(value)


def several(names) -> list:
    """One name, or several, as a list."""
    return [names] if isinstance(names, str) else list(names)


def parameters(module: nn.Module) -> dict[str, inspect.Parameter]:
    """What a module's forward takes, by name, in order."""
    return _parameters(type(module))


@functools.cache
def _parameters(cls: type) -> dict[str, inspect.Parameter]:
    return dict(list(inspect.signature(cls.forward).parameters.items())[1:])  # without self

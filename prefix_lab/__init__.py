"""Prefix-tuning (Li & Liang 2021) on today's models: train a few key and value vectors at every attention.

Every name is imported on first use, so that `import prefix_lab` itself costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for type checkers and editors, which do not run __getattr__
    from .attention import attach as attach
    from .attention import detach as detach
    from .bases import load_base as load_base
    from .claims import claim as claim
    from .claims import full_size as full_size
    from .inspection import attention_mass as attention_mass
    from .methods import load as load
    from .methods import tune as tune
    from .prefix import Prefix as Prefix
    from .prefix import PrefixConfig as PrefixConfig
    from .selection import select as select
    from .sites import Site as Site
    from .sites import find_sites as find_sites
    from .town import load_task as load_task
    from .training import fit as fit

__version__ = "0.1.0"

_HOMES = {
    "Site": "sites",
    "find_sites": "sites",
    "Prefix": "prefix",
    "PrefixConfig": "prefix",
    "attach": "attention",
    "detach": "attention",
    "select": "selection",
    "attention_mass": "inspection",
    "fit": "training",
    "tune": "methods",
    "load": "methods",
    "load_task": "town",
    "load_base": "bases",
    "claim": "claims",
    "full_size": "claims",
}
_ROOMS = {
    "extras",
    "arguments",
    "norms",
    "interface",
    "probes",
    "kinds",
    "coverage",
    "cache",
    "fitting",
    "sites",
    "hub",
    "card",
    "origin",
    "checkpoint",
    "exchange",
    "composing",
    "prefix",
    "masks",
    "apart",
    "scopes",
    "selection",
    "saving",
    "attention",
    "inspection",
    "rows",
    "packing",
    "batches",
    "losses",
    "resuming",
    "training",
    "prediction",
    "methods",
    "town",
    "metrics",
    "bases",
    "serving",
    "papers",
    "figures",
    "widgets",
    "claims",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value  # the next access is a plain one
        return value
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")


def __dir__():
    return sorted(set(globals()) | set(_HOMES) | _ROOMS)

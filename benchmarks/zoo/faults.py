"""What counts as wrong."""

import traceback
from contextlib import contextmanager

from .models import describe

SMALL, LARGE = 1e-4, 1e-3  # relative differences: the same but for rounding; surely another
REFUSALS = (ValueError, TypeError, NotImplementedError)


def is_refusal(error: Exception) -> bool:
    """Whether it is a sentence of the package's own."""
    return isinstance(error, REFUSALS) and "prefix_lab" in traceback.extract_tb(error.__traceback__)[-1].filename


class Fault(Exception):
    """Something that is wrong, in one line."""


@contextmanager
def crash(what: str):
    """An error within it is a fault."""
    try:
        yield
    except Fault:
        raise
    except Exception as error:
        raise Fault(f"{what} crashes: {describe(error)}") from error

"""What counts as wrong."""

from contextlib import contextmanager

from .models import describe

SMALL, LARGE = 1e-4, 1e-3  # relative differences: the same but for rounding; surely another


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

"""What is imported on demand only, and how to get it where it is missing."""

from contextlib import contextmanager


@contextmanager
def extra(name: str):
    """Around an import that the extra `name` of the package brings: ModuleNotFoundError says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing.startswith("prefix_lab"):
            raise
        raise ModuleNotFoundError(
            f'{missing} is not installed, but this needs it; call pip install "prefix-lab[{name}]"', name=error.name
        ) from error

"""What a chapter asserts: claims that fail it, values that its prose quotes, and the full-size switch."""

import os

import numpy as np
import torch

from .extras import extra


def claim(text: str, condition) -> None:
    """Print `✓ text`, with the measured figure written into `text`; AssertionError names a false claim.

    - text: what is claimed
    - condition: one truth value, a bool or a boolean array or tensor of one element; anything else, such as a number,
      a tuple or an array that still needs `.all()`, raises TypeError
    """
    if isinstance(condition, (np.ndarray, np.bool_, torch.Tensor)):
        if str(condition.dtype).removeprefix("torch.") != "bool":
            raise TypeError(f"claim({text!r}): the condition holds {condition.dtype}, not bool; compare it")
        size = condition.numel() if isinstance(condition, torch.Tensor) else condition.size
        if size != 1:
            raise TypeError(f"claim({text!r}): the condition has {size} elements; use .all() or .any()")
        condition = bool(condition)
    if not isinstance(condition, bool):
        raise TypeError(f"claim({text!r}): the condition is {condition!r}, not a truth value")
    if not condition:
        raise AssertionError(f"this claim is false: {text}")
    print(f"✓ {text}")


def glue(name: str, value) -> None:
    """Give the chapter's prose the text of `value`: write {glue}`name` in a markdown cell.

    Format a number first, `glue("loss", f"{loss:.2f}")`. The cell itself shows nothing.
    """
    with extra("book"):
        from IPython.display import display

    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": str(value)},
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
        raw=True,
    )


def full_size() -> bool:
    """Whether to run the full-size cells: PREFIX_LAB_FULL=1 is set and there is a CUDA GPU.

    Says in one line why not, so that a chapter never looks as if it had run them.
    """
    asked, gpu = os.environ.get("PREFIX_LAB_FULL") == "1", torch.cuda.is_available()
    if not asked:
        print("Full size: not run here. Set PREFIX_LAB_FULL=1 on a machine with a CUDA GPU.")
    elif not gpu:
        print("Full size: not run here. PREFIX_LAB_FULL=1 is set, but PyTorch finds no CUDA GPU.")
    return asked and gpu

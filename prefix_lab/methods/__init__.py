"""The peers on equal terms: `tune(model, "lora")` makes the right things trainable, in place, until `undo()`.

    tuning = tune(model, "prompt", length=10)
    fit(model, rows, lr=0.03)
    tuning.undo()

Where a model carries a task's head (token classification, question answering), the head trains along with every method.
"""

from .choosing import METHODS, tune
from .loading import load
from .measure import Cost, cost
from .prompt import Prompt
from .tuning import Tuning, task_head, trainable

__all__ = ["METHODS", "Cost", "Prompt", "Tuning", "cost", "load", "task_head", "trainable", "tune"]

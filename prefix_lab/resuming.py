"""A training run on disk, so that one that was killed at any moment goes on, bit for bit, as if it never had been.

Beside the trained tensors a run needs its optimizer's moments, its place in the data, the state of the random
numbers and its history. They stand in one safetensors file that `run.json` names, written as prefixes are.
"""

import hashlib
import warnings
from dataclasses import asdict
from pathlib import Path

import torch

from .checkpoint import gathered, read_record, write_record
from .origin import base_of
from .selection import TUNING

NAME = "run"


class Endless:
    """The batches over and over, in a new order each time where the loader shuffles, from a place that can be kept."""

    def __init__(self, batches):
        self.batches, self.left = batches, None
        self.random, self.taken = None, 0  # the random state before this round, and how many batches of it were given
        self.last = None  # the batch that was given last

    def __iter__(self):
        return self

    def __next__(self):
        if self.left is None:
            self._begin()
        try:
            batch = next(self.left)
        except StopIteration:
            if not self.taken:
                message = "train must hold at least one batch, got none; give a DataLoader or a list of rows"
                raise ValueError(message) from None
            self._begin()
            batch = next(self.left)
        self.taken, self.last = self.taken + 1, batch
        return batch

    def _begin(self) -> None:
        self.random, self.taken = torch.get_rng_state(), 0
        self.left = iter(self.batches)

    def go_to(self, random: torch.Tensor, taken: int) -> None:
        """Stand where another stood: in the round that began in this random state, after so many batches."""
        torch.set_rng_state(random)
        self._begin()
        for _ in range(taken):
            next(self)


class Run:
    """One run of `fit` in a folder; without a folder it keeps nothing.

    settings: what must be the same for the run to go on, beside the model. parameters: names and what is trained.
    """

    def __init__(self, folder, model, settings: dict, parameters: list, optimizer, batches: Endless):
        self.folder = None if folder is None else Path(folder)
        settings = settings | _told_of(model)
        self.settings = {k: str(v.tolist() if hasattr(v, "tolist") else v) for k, v in settings.items()}
        self.settings["batches"] = str(len(batches.batches)) if hasattr(batches.batches, "__len__") else "a stream"
        self.settings["trained"] = ", ".join(f"{name} {tuple(p.shape)}" for name, p in parameters)
        self.parameters, self.optimizer, self.batches = parameters, optimizer, batches

    def go_on(self, history) -> dict | None:
        """Set everything to where the folder's run stands, in place; its best weights, if it keeps any.

        Raises ValueError, with nothing changed, where the folder holds another run.
        """
        if self.folder is None or not (self.folder / f"{NAME}.json").is_file():
            return None
        record, tensors, _ = read_record(self.folder / f"{NAME}.json")
        for name, value in self.settings.items():
            if record["settings"].get(name) != value:
                raise ValueError(
                    f"checkpoint={str(self.folder)!r} holds a run with {name}={record['settings'].get(name)}, got "
                    f"{name}={value}; go on with its settings, or give another folder"
                )
        self.batches.go_to(tensors["random of the round"], record["taken"])
        if record["last"] != _digest(self.batches.last):
            warnings.warn(
                f"checkpoint={str(self.folder)!r} holds a run on other rows than train; it goes on with these, but "
                "learnt from those; give another folder for a run of its own",
                stacklevel=3,
            )
        for name, parameter in self.parameters:
            with torch.no_grad():
                parameter.copy_(tensors[f"trained.{name}"])
            moments = [key for key in tensors if key.endswith(f"/{name}")]
            self.optimizer.state[parameter] = {key.partition("/")[0]: tensors[key] for key in moments}
        self.optimizer.load_state_dict(self.optimizer.state_dict())  # moves the moments to where the parameters are
        for name, values in record["history"].items():
            setattr(history, name, values)
        history.validation = [tuple(pair) for pair in history.validation]
        torch.set_rng_state(tensors["random"])
        return {n: t for n, _ in self.parameters if (t := tensors.get(f"best.{n}")) is not None} or None

    def keep(self, history, best: dict | None) -> None:
        """Write where the run stands now."""
        if self.folder is None:
            return
        tensors = {f"trained.{name}": parameter for name, parameter in self.parameters}
        tensors |= {f"best.{name}": tensor for name, tensor in (best or {}).items()}
        for name, parameter in self.parameters:
            tensors |= {f"{key}/{name}": value for key, value in self.optimizer.state[parameter].items()}
        tensors |= {"random": torch.get_rng_state(), "random of the round": self.batches.random}
        record = {"settings": self.settings, "history": asdict(history), "taken": self.batches.taken}
        record["last"] = _digest(self.batches.last)
        write_record(self.folder, NAME, record, {name: t.clone() for name, t in gathered(tensors).items()})


def _told_of(model) -> dict:
    """What says which model a run trains: how it was tuned, and its base, without numbers of it that train."""
    if (tuning := getattr(model, TUNING, None)) is not None:
        return tuning.record
    base = base_of(model)
    if "sample" in base and model.get_input_embeddings().weight.requires_grad:
        del base["sample"]
    return {"base": base}


def _digest(batch) -> str:
    """A few letters that tell one batch from another."""
    found = hashlib.sha256()
    for name, value in batch.items():
        is_tensor = isinstance(value, torch.Tensor)
        found.update(name.encode())
        found.update(value.detach().cpu().float().numpy().tobytes() if is_tensor else repr(value).encode())
    return found.hexdigest()[:16]

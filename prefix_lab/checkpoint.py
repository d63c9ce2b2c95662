"""Prefixes on disk: one safetensors file and one JSON, written so that a kill at any moment loses nothing.

`prefix.json` names the tensor file by its content (`prefix-<hash>.safetensors`). The tensors are written first, the
JSON is replaced in one step, and only then is the old tensor file removed: whatever `prefix.json` says is whole.
Where a folder holds several prefixes, each has a folder of its own in it, `prefix_<name>`.
"""

import hashlib
import json
import os
import secrets
import warnings
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from urllib.parse import quote, unquote

import torch

from . import card as cards
from . import hub
from .sites import Site

JSON_NAME = "prefix.json"
PEFT_NAME = "adapter_config.json"
FORMAT = 1
DEFAULT = "prefix"  # the name of a prefix that was attached without one
_HEAD = "head."  # before the names of a task's head, in the file of the prefix that it was trained with


class Checkpointed:
    """The methods by which a Prefix is saved, loaded and shared."""

    def save_pretrained(
        self, folder: str | os.PathLike, *, card: dict | None = None, is_main_process: bool = True
    ) -> Path:
        """Write the prefix as it is (with its MLP, unless materialized) into the folder; atomic. Returns the folder.

        - folder: created where it is new
        - card: what its author tells of it, for a README.md beside it (`card.written`); default none is written
        - is_main_process: False writes nothing

        Sharded parameters (FSDP2) are gathered, so that every process must call this; the first one writes.
        """
        folder = Path(folder)
        self._save(folder, card, folder.name, is_main_process)
        return folder

    def _save(self, folder: Path, card: dict | None, use: str, is_main_process: bool = True) -> None:
        told, state = None if card is None else cards.checked(card), self.state_dict()
        with first_process(state) as first:
            weights = write(folder, self.config, gathered(state), is_main_process=is_main_process and first)
            if told is not None and weights is not None:
                replace_file(folder / "README.md", cards.written(self, told, weights, use).encode())

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike, name: str | None = None, *, revision=None, token=None):
        """Read a saved prefix, ours or PEFT's, from a folder or from the hub.

        - folder: of its own, or one that a model or the Trainer was saved into with a prefix attached; or "user/repo"
        - name: which one, where the folder holds several
        - revision: the branch, tag or commit on the hub
        - token: for a private repository

        Raises FileNotFoundError or ValueError, naming the file, for anything but a whole prefix.
        """
        path = hub.located(folder, revision=revision, token=token)
        if (path / PEFT_NAME).is_file() and not prefixes_in(path):
            if name is not None:
                raise ValueError(f"name must be None for PEFT's folder {path}, which holds one prefix, got {name!r}")
            return cls.from_peft(path)
        prefix, head = read(cls, _chosen(path, name))
        if head:
            warnings.warn(
                f"{path} also holds the task's head {', '.join(head)}, which a prefix alone leaves out; "
                "prefix_lab.methods.load(model, folder) loads both",
                stacklevel=2,
            )
        return prefix

    def push_to_hub(
        self,
        repo_id: str,
        *,
        card: dict | None = None,
        private: bool | None = None,
        token=None,
        message: str = "A prefix",
    ) -> str:
        """Put the prefix, with a card, into a repository on the hub; returns its address.

        - repo_id: "user/repo"; created if new
        - card: what its author tells of it, as for `save_pretrained`
        - private: whether a new one is
        - token: of a user who may write there
        - message: of the commit
        """

        def write_all(folder: Path) -> None:
            self._save(folder, card or {}, repo_id)

        return hub.upload(write_all, repo_id, private=private, token=token, message=message)


# --- one folder, one prefix --------------------------------------------------------------------------------------


def write(folder, config, tensors: dict, head: dict | None = None, *, is_main_process: bool = True) -> str | None:
    """Write one prefix, and the head that was trained with it (tensors by their names in the model), in one step.

    Returns the name of its tensor file; None where another process writes.
    """
    record = asdict(config)
    if head:
        record["head"] = sorted(head)
        tensors = tensors | {_HEAD + name: tensor for name, tensor in head.items()}
    return write_record(folder, "prefix", record, tensors, is_main_process=is_main_process)


def write_record(folder, stem: str, record: dict, tensors: dict, *, is_main_process: bool = True) -> str | None:
    """Write <stem>.json and <stem>-<hash>.safetensors, so that whatever is found later is whole. The tensors are whole
    already (`gathered`). Returns the name of their file; None where another process writes."""
    from safetensors.torch import save

    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"folder must be a directory to save into, but {folder} is a file")
    if not is_main_process:
        return None
    data = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    digest = hashlib.sha256(data).hexdigest()
    record = {"format": FORMAT, "weights": f"{stem}-{digest[:16]}.safetensors", "sha256": digest} | record
    text = json.dumps(record, indent=2).encode() + b"\n"
    folder.mkdir(parents=True, exist_ok=True)
    old = _named_weights(folder / f"{stem}.json")
    replace_file(folder / record["weights"], data)
    replace_file(folder / f"{stem}.json", text)
    if old is not None and old.name != record["weights"]:
        old.unlink(missing_ok=True)
    return record["weights"]


def read(cls, path: Path) -> tuple:
    """The prefix that this prefix.json describes, and the head beside it (tensors by their names in the model)."""
    record, tensors, weights = read_record(path)
    try:
        head = {name: tensors.pop(_HEAD + name) for name in record.pop("head", ())}
        config = config_of(cls, record)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not describe a prefix: {error}") from error
    return filled(cls, config, tensors, weights), head


def read_record(path: Path) -> tuple[dict, dict, Path]:
    """What a <stem>.json says, the tensors that it names, and their file; ValueError unless both are whole."""
    from safetensors.torch import load

    record = read_json(path)
    if record.get("format") != FORMAT:
        raise ValueError(
            f"{path} has format {record.get('format')!r}, but this version reads format {FORMAT}; update prefix-lab"
        )
    try:
        weights, digest = path.with_name(Path(record.pop("weights")).name), record.pop("sha256")
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} does not describe a prefix: it has no {error}") from error
    if not weights.is_file():
        raise FileNotFoundError(f"{path} names {weights.name}, which is missing; copy the whole folder")
    data = weights.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"{weights} is damaged: its sha256 differs from the one in {path.name}; save it again")
    try:
        return {k: v for k, v in record.items() if k != "format"}, load(data), weights
    except Exception as error:
        raise ValueError(f"{weights} does not hold tensors in the safetensors format: {error}") from error


def config_of(cls, record: dict):
    """The configuration in a record: what is absent has its default, what is unknown is refused."""
    unknown = set(record) - {f.name for f in fields(cls.config_class)}
    if unknown:
        raise ValueError(f"this version does not know {', '.join(sorted(unknown))}; update prefix-lab")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}
    return cls.config_class(**values | {"sites": tuple(Site(**site) for site in record["sites"])})


def filled(cls, config, tensors: dict, path: Path):
    """A prefix of this configuration that holds exactly these tensors, in their precision."""
    with torch.device("meta"):  # draws no random number of the caller's
        prefix = cls(config)
    try:
        prefix.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        made_for = f"{config.length} tokens at {len(config.sites)} sites"
        raise ValueError(f"{path} does not fit {made_for}: {error}") from error
    return prefix


# --- one folder, several prefixes --------------------------------------------------------------------------------


def home_of(folder: Path, name: str) -> Path:
    """Where the prefix of this name stands in a folder that may hold several. ValueError for a name that none has."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"name must be a text of at least one character to be saved, got {name!r}")
    return folder if name == DEFAULT else folder / f"prefix_{quote(name, safe=' ')}"


def prefixes_in(folder: Path) -> dict[str, Path]:
    """The prefixes of a folder: name -> its prefix.json."""
    found = {DEFAULT: folder / JSON_NAME} if (folder / JSON_NAME).is_file() else {}
    for path in sorted(folder.glob(f"prefix_*/{JSON_NAME}")):
        found[unquote(path.parent.name.removeprefix("prefix_"))] = path
    return found


def _chosen(folder: Path, name: str | None) -> Path:
    found = prefixes_in(folder)
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if found and name not in found:
        raise ValueError(f"name must be one of {', '.join(found)}, which {folder} holds, got {name!r}")
    if name is not None and not found:
        raise FileNotFoundError(f"{folder} holds no prefix {name!r}; give the folder that a prefix was saved into")
    if not found and (runs := sorted(folder.glob("checkpoint-*/trainer_state.json"))):
        last = max(runs, key=lambda path: (len(path.parent.name), path.parent.name)).parent
        raise FileNotFoundError(f"{folder} holds no prefix; give one of its checkpoints, such as {last}")
    if not found and _mixed(folder / "model.safetensors"):
        raise FileNotFoundError(
            f"{folder} holds a prefix's tensors among the model's, without the {JSON_NAME} that describes them; attach "
            "a prefix of the same shape and load the file with model.load_state_dict, or use model.save_pretrained"
        )
    return found.get(name, folder / JSON_NAME)


def _mixed(weights: Path) -> bool:
    from safetensors import safe_open

    if not weights.is_file():
        return False
    with safe_open(weights, "pt") as file:
        return any("attached_prefixes." in name for name in file.keys())


def remove(path: Path) -> None:
    """Take a prefix or a tuning off the disk: what names the tensors first, then the tensors."""
    weights = _named_weights(path)
    path.unlink(missing_ok=True)
    if weights is not None:
        weights.unlink(missing_ok=True)


# --- files -------------------------------------------------------------------------------------------------------


@contextmanager
def first_process(tensors: dict):
    """Whether this process is the one that writes tensors which several hold parts of; the others wait until it has."""
    import torch.distributed as dist

    shared = any(hasattr(tensor, "full_tensor") for tensor in tensors.values())
    try:
        yield not shared or dist.get_rank() == 0
    finally:
        if shared:
            dist.barrier()


def gathered(tensors: dict) -> dict:
    """Whole tensors on the CPU; a sharded one (DTensor) is put together, which all its processes must ask for."""
    whole = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach()
        tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
        if tensor.is_meta:
            raise ValueError(f"{name} has no values here (it is on the meta device); bring the model to a device first")
        whole[name] = tensor.cpu()
    return whole


def read_json(path: Path) -> dict:
    """The object in a JSON file. FileNotFoundError or ValueError, naming the file, where there is none."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; give the folder that a prefix was saved into")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"{path} does not describe a prefix: it holds a {type(record).__name__}")
    return record


def _named_weights(path: Path) -> Path | None:
    try:
        return path.with_name(Path(read_json(path)["weights"]).name)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def replace_file(path: Path, data: bytes) -> None:
    """Put these bytes under this name in one step: the old file or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

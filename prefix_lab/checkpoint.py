"""Prefixes on disk: one safetensors file and one JSON, written so that a kill at any moment loses nothing.

`prefix.json` names the tensor file by its content (`prefix-<hash>.safetensors`). The tensors are written first, the
JSON is replaced in one step, and only then is the old tensor file removed: whatever `prefix.json` says is whole.
"""

import hashlib
import json
import os
import secrets
from dataclasses import asdict, fields
from pathlib import Path

import torch

from .sites import Site

JSON_NAME = "prefix.json"
FORMAT = 1
_PEFT_TASKS = {  # the ending of a model class's name -> the task type in PEFT's configuration
    "ForSequenceClassification": "SEQ_CLS",
    "ForTokenClassification": "TOKEN_CLS",
    "ForQuestionAnswering": "QUESTION_ANS",
    "ForConditionalGeneration": "SEQ_2_SEQ_LM",
    "ForCausalLM": "CAUSAL_LM",
    "LMHeadModel": "CAUSAL_LM",
}


class Checkpointed:
    """The four methods by which a Prefix is saved, loaded, and exchanged with PEFT."""

    def save_pretrained(self, folder: str | os.PathLike) -> Path:
        """Write the prefix as it is (with its MLP, unless materialized) into the folder; atomic. Returns the folder."""
        from safetensors.torch import save

        folder = Path(folder)
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(f"folder must be a directory to save into, but {folder} is a file")
        data = save({name: tensor.detach().cpu().contiguous() for name, tensor in self.state_dict().items()})
        digest = hashlib.sha256(data).hexdigest()
        record = {"format": FORMAT, "weights": f"prefix-{digest[:16]}.safetensors", "sha256": digest}
        record |= asdict(self.config)
        folder.mkdir(parents=True, exist_ok=True)
        old = _named_weights(folder)
        _replace(folder / record["weights"], data)
        _replace(folder / JSON_NAME, json.dumps(record, indent=2).encode() + b"\n")
        if old is not None and old.name != record["weights"]:
            old.unlink(missing_ok=True)
        return folder

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike):
        """Read a saved prefix. FileNotFoundError or ValueError, naming the file, for anything but a whole one."""
        from safetensors.torch import load

        path = Path(folder) / JSON_NAME
        record = _read_json(path)
        if record.get("format") != FORMAT:
            raise ValueError(f"{path} has format {record.get('format')!r}, but this version reads format {FORMAT}")
        try:
            weights, digest = path.with_name(Path(record["weights"]).name), record["sha256"]
            config = _config(cls, record)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} does not describe a prefix: {error}") from error
        if not weights.is_file():
            raise FileNotFoundError(f"{path} names {weights.name}, which is missing; copy the whole folder")
        data = weights.read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"{weights} is damaged: its sha256 differs from the one in {JSON_NAME}; save it again")
        return _filled(cls, config, load(data), weights)

    def to_peft(self, folder: str | os.PathLike, task_type: str | None = None) -> Path:
        """Write PEFT's two files, adapter_config.json and adapter_model.safetensors; needs `peft`.

        PEFT knows one block of keys and values of equal shape, at the self-attention of a decoder (or of a model that
        is an encoder only); ValueError for all else. PEFT counts the prefix as P positions, so there the model's
        own tokens start at position P; pass position_ids to a model here to compare.
        """
        from peft import PrefixTuningConfig
        from safetensors.torch import save

        sites, base = self.config.sites, self.config.base
        kinds = {site.kind for site in sites}
        if "cross" in kinds or len(kinds) > 1 or ("encoder" in kinds and base.get("is_encoder_decoder")):
            raise ValueError(
                f"PEFT cannot express a prefix at {', '.join(self.config.kinds)} of {base.get('class')}: it reaches "
                "the decoder's self-attention only. Attach with kinds=('decoder',), or use save_pretrained."
            )
        shapes = {(site.kv_heads, site.key_dim, site.value_dim) for site in sites}
        heads, key_dim, value_dim = next(iter(shapes))
        if len(shapes) > 1 or key_dim != value_dim:
            raise ValueError(f"PEFT cannot express sites of different shapes {sorted(shapes)}; use save_pretrained")
        if task_type is None:
            endings = (task for end, task in _PEFT_TASKS.items() if str(base.get("class")).endswith(end))
            task_type = next(endings, "FEATURE_EXTRACTION")
        config = PrefixTuningConfig(
            task_type=task_type,
            inference_mode=True,
            base_model_name_or_path=base.get("name"),
            num_virtual_tokens=self.config.length,
            num_layers=len(sites),
            num_attention_heads=heads,
            token_dim=heads * key_dim,
            encoder_hidden_size=heads * key_dim,
            num_transformer_submodules=2 if task_type == "SEQ_2_SEQ_LM" else 1,
        )
        with torch.no_grad():
            pairs = [part.transpose(0, 1).flatten(1) for pair in self.pairs() for part in pair]  # each (P, H_kv * D_h)
            flat = torch.cat(pairs, dim=1).float().cpu().contiguous()  # (P, L * 2 * H_kv * D_h)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / "adapter_model.safetensors", save({"prompt_embeddings": flat}, {"format": "pt"}))
        config.save_pretrained(str(folder))
        return folder

    @classmethod
    def from_peft(cls, folder: str | os.PathLike):
        """Read the prefix in PEFT's two files; `attach` fits it to the model's self-attentions in order."""
        from safetensors.torch import load

        path = Path(folder) / "adapter_config.json"
        peft = _read_json(path)
        if peft.get("peft_type") != "PREFIX_TUNING":
            raise ValueError(f"{path} holds {peft.get('peft_type')!r}, but only PREFIX_TUNING is a prefix")
        weights = path.with_name("adapter_model.safetensors")
        if not weights.is_file():
            raise FileNotFoundError(f"{weights} is missing; pickled .bin files are never read, save as safetensors")
        try:
            flat = load(weights.read_bytes())["prompt_embeddings"].float()  # (P, L * 2 * H_kv * D_h)
            length, layers, heads = (peft[k] for k in ("num_virtual_tokens", "num_layers", "num_attention_heads"))
            dim = peft["token_dim"] // heads
            blocks = flat.reshape(length, layers, 2, heads, dim).permute(1, 2, 3, 0, 4)  # (L, 2, H_kv, P, D_h)
        except Exception as error:
            raise ValueError(f"{weights} and {path.name} do not hold one prefix: {error}") from error
        record = {
            "length": length,
            "sites": [asdict(Site(f"layer {i}", "self", heads, dim, dim)) for i in range(layers)],
            "init": "peft",
            "base": {"name": peft.get("base_model_name_or_path"), "class": None},
        }
        tensors = {f"keys.{i}": block[0] for i, block in enumerate(blocks)}
        tensors |= {f"values.{i}": block[1] for i, block in enumerate(blocks)}
        return _filled(cls, _config(cls, record), tensors, weights)


def _config(cls, record: dict):
    kind = cls.config_class
    known = {f.name for f in fields(kind)}
    values = {name: value for name, value in record.items() if name in known}
    return kind(**values | {"sites": tuple(Site(**site) for site in record["sites"])})


def _filled(cls, config, tensors: dict, path: Path):
    with torch.random.fork_rng(devices=[]):  # a load draws no random number of the caller's
        prefix = cls(config)
    try:
        prefix.load_state_dict(tensors)
    except RuntimeError as error:
        made_for = f"{config.length} tokens at {len(config.sites)} sites"
        raise ValueError(f"{path} does not fit {made_for}: {error}") from error
    return prefix


def _read_json(path: Path) -> dict:
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; give the folder that a prefix was saved into")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"{path} does not describe a prefix: it holds a {type(record).__name__}")
    return record


def _named_weights(folder: Path) -> Path | None:
    try:
        return folder / Path(_read_json(folder / JSON_NAME)["weights"]).name
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _replace(path: Path, data: bytes) -> None:
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

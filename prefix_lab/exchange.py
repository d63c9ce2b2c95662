"""The exchange with PEFT: one block of keys and values, in the two files that PEFT writes."""

import os
from dataclasses import asdict
from pathlib import Path

import torch

from .checkpoint import PEFT_NAME, config_of, filled, read_json, replace_file
from .extras import extra
from .sites import Site

_PEFT_TASKS = {  # the ending of a model class's name -> the task type in PEFT's configuration
    "ForSequenceClassification": "SEQ_CLS",
    "ForTokenClassification": "TOKEN_CLS",
    "ForQuestionAnswering": "QUESTION_ANS",
    "ForConditionalGeneration": "SEQ_2_SEQ_LM",
    "ForCausalLM": "CAUSAL_LM",
    "LMHeadModel": "CAUSAL_LM",
}


class Exchanged:
    """The two methods by which a Prefix is exchanged with PEFT."""

    def to_peft(self, folder: str | os.PathLike, task_type: str | None = None) -> Path:
        """Write PEFT's two files, adapter_config.json and adapter_model.safetensors; needs `peft`.

        - folder: created where it is new
        - task_type: PEFT's, such as "CAUSAL_LM"; default what the class of the model says

        PEFT knows one block of keys and values of equal shape, at the self-attention of a decoder (or of a model that
        is an encoder only); ValueError for all else. PEFT counts the prefix as P positions, so there the model's
        own tokens start at position P; pass position_ids to a model here to compare.
        """
        with extra("peft"):
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
        replace_file(folder / "adapter_model.safetensors", save({"prompt_embeddings": flat}, {"format": "pt"}))
        config.save_pretrained(str(folder))
        return folder

    @classmethod
    def from_peft(cls, folder: str | os.PathLike):
        """Read the prefix in PEFT's two files; `attach` fits it to the model's self-attentions in order.

        - folder: with adapter_config.json and adapter_model.safetensors

        Raises FileNotFoundError or ValueError for anything else, and for tensors beside the prefix, such as a head.
        """
        prefix, head = read_peft(cls, Path(folder))
        if head:
            raise ValueError(
                f"{folder} holds {', '.join(head)} beside the prefix, which a prefix alone would lose; load all of it "
                "with prefix_lab.methods.load(model, folder)"
            )
        return prefix


def read_peft(cls, folder: Path) -> tuple:
    """The prefix in PEFT's two files, and the tensors of the task's head beside it, by their names in the model."""
    from safetensors.torch import load

    path = folder / PEFT_NAME
    peft = read_json(path)
    if peft.get("peft_type") != "PREFIX_TUNING":
        raise ValueError(f"{path} holds {peft.get('peft_type')!r}, but only PREFIX_TUNING is a prefix")
    weights = path.with_name("adapter_model.safetensors")
    if not weights.is_file():
        raise FileNotFoundError(f"{weights} is missing; pickled .bin files are never read, save as safetensors")
    try:
        tensors = load(weights.read_bytes())
        flat = tensors.pop("prompt_embeddings").float()  # (P, L * 2 * H_kv * D_h)
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
    pairs = {f"keys.{i}": block[0].contiguous() for i, block in enumerate(blocks)}
    pairs |= {f"values.{i}": block[1].contiguous() for i, block in enumerate(blocks)}
    head = {name.removeprefix("base_model."): tensor for name, tensor in tensors.items()}
    return filled(cls, config_of(cls, record), pairs, weights), head

"""Tiny configurations: the same architecture with two layers of a kind, a few heads and a width of 64.

Nothing here knows a model by more than its configuration's field names; what that cannot make is in `handmade`.
"""

import copy
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from transformers import CONFIG_MAPPING, PreTrainedConfig

from .handmade import EXTRA, HAND_MADE

WIDTH, HEADS, KV_HEADS, HEAD_DIM, FEED_FORWARD, VOCAB, EXPERTS = 64, 4, 2, 16, 256, 160, 4
LEVELS = ("narrow", "filled", "shallow", "whole")  # from the smallest on; the next where one cannot be built


def tiny_config(model_type: str, level: str = "narrow") -> PreTrainedConfig:
    """A small one. narrow: in width too; filled: and fields that were None; shallow: in depth only; whole: as it is."""
    if model_type in HAND_MADE:
        return HAND_MADE[model_type](part)
    config = CONFIG_MAPPING[model_type]()
    if level == "whole":
        return config
    changes = Shrinking(config, level).changes()
    if level != "shallow":
        changes |= EXTRA.get(model_type, {})
    return rebuilt(config, changes)


def part(model_type: str, **fields) -> PreTrainedConfig:
    """A small configuration of one part, for a composite model."""
    config = CONFIG_MAPPING[model_type]()
    return rebuilt(config, Shrinking(config).changes() | fields)


def rebuilt(config: PreTrainedConfig, changes: dict) -> PreTrainedConfig:
    """A configuration of the same class with these fields; a part's fields are given as a dict of its own."""
    fields = {
        name: rebuilt_part(getattr(config, name), new) if isinstance(new, Part) else new
        for name, new in changes.items()
    }
    try:
        return type(config)(**fields)
    except Exception:  # a field that the constructor does not take is set afterwards
        config = copy.deepcopy(config)
        for name, value in fields.items():
            try:
                setattr(config, name, value)
            except Exception:  # a derived one
                continue
        return config


class Part(dict):
    """The changes of a configuration inside another."""


def rebuilt_part(config: PreTrainedConfig, changes: Part) -> PreTrainedConfig:
    return rebuilt(config, own_values(config) | changes)


def own_values(config: PreTrainedConfig) -> dict:
    """What this configuration has set otherwise than its class does."""
    try:
        default = vars(type(config)())
    except Exception:
        return {}
    skipped = ("architectures", "transformers_version", "dtype")
    return {
        name: value
        for name, value in vars(config).items()
        if not name.startswith("_")
        and not isinstance(value, PreTrainedConfig)
        and name not in skipped
        and (name not in default or default[name] != value)
    }


# --- the rules: names of fields, and what becomes of a number there ------------------------------------------------


def names(*patterns: str, but: str | None = None):
    """A test of a field's name: one of these patterns in full, and `but` nowhere in it."""
    wanted, unwanted = re.compile("|".join(patterns)), re.compile(but) if but else None
    return lambda name: bool(wanted.fullmatch(name)) and not (unwanted and unwanted.search(name))


DEPTH = names(
    r"n_layers?|num_layers|n_head_layers|depth|resampler_n_layers|num_blocks|.*_layers|.*_depth",
    but="feat_extract|conv_layers|adapter_layers|feature_layer|num_upsample|residual_layers|look_ahead|nextn|prenet_layers"
    "|postnet_layers|wavenet|speech_decoder|iou_head|downsample|window_layers|encode_proj|duration|predictor|attn_layers"
    "|prompt_layers|separable|mlp_only|num_resid|num_mlp|nope_layer|no_rope|block_depth",
)
EXPERT_COUNT = names(
    r"num_experts|n_routed_experts|n_experts|.*_num_experts|.*num_local_experts|num_.*_experts",
    but="shared|per_tok|zero",
)
EXPERTS_USED = names(
    r"num_experts_per_tok(en)?|moe_top_?k|top_k_experts?|moe_k|num_selected_experts|moe_num_experts_per_tok"
)
EXPERT_GROUPS = names("n_group|topk_group|num_expert_groups|moe_n_group")
VOCABULARY = names(".*vocab_size.*", but="type|base|divisible")
KEY_HEADS = names(r".*num_key_value_heads|num_kv_heads|n_kv_heads|.*kv_heads|num_query_groups")
QUERY_HEADS = names(
    r"num_attention_heads|n_heads?|num_heads|attention_heads|.*_attention_heads|.*_num_heads|.*_n_heads|n_head_.*|num_.*_heads",
    but="guided|_heads_|mamba|linear_|conv|ssm|index|state|per_layer|key_value|kv|query_groups",
)
HEAD_WIDTH = names(
    "head_dim|dim_head|d_kv|attention_head_dim|attention_head_size|.*_head_dim|head_size|.*_dim_head|kv_channels"
)
MODEL_WIDTH = names(
    r".*hidden_size|d_model|n_embd|n_embd_.*|dim|hidden_dim|.*_hidden_dim|embed_dim|.*_embed_dim|projection_dim|proj_dim",
    r"word_embed_proj_dim|output_proj_dim|projector_dim|.*_projection_size|.*_hidden_units|n_state|emb_dim|text_dim",
    r"vision_dim|cross_attention_dim|pooler_output_size|text_hidden|lru_width|embedding_size|kv_dim|q_dim|aux_hidden",
    r"hidden|d_latents|output_dim|d_embed|decoder_dim|encoder_dim|text_width",
)
INNER_WIDTH = names(
    r".*intermediate_size|.*ffn_dim|d_ff|d_inner|mlp_dim|.*_mlp_dim|n_inner|ffn_hidden_size|.*_ffn_hidden_size|dim_ff",
    r"feed_forward_size|feed_forward_proj_dim|.*ff_dim|.*_dim_feedforward|ffn_intermediate|moe_ffn.*|.*intermediate_dim",
    r"share_expert_dim|expert_ffn.*|hidden_dim_ffn",
)
POSITIONS = names("max_position_embeddings|n_positions|n_ctx|seq_length|max_seq_len|max_sequence_length")
FIXED = {  # state-space layers, linear attention, compressed and indexed attention
    "mamba_num_heads": 8, "mamba_n_heads": 8, "mamba_d_head": 16, "mamba_head_dim": 16, "mamba_headdim": 16,
    "mamba_d_state": 16, "ssm_state_size": 16, "state_size": 16, "mamba_state_dim": 16, "mamba_d_ssm": 128,
    "mamba_intermediate_size": 128, "linear_num_key_heads": 2, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
    "linear_head_dim": 16, "index_head_dim": 16, "index_n_heads": 4, "qk_rope_head_dim": 8, "qk_nope_head_dim": 16,
    "v_head_dim": 16, "qk_head_dim": 24, "q_lora_rank": 32, "kv_lora_rank": 32, "o_lora_rank": 32, "attention_rank": 32,
    "query_pre_attn_scalar": HEAD_DIM, "rotary_dim": 8,
}  # fmt: skip
AT_MOST = {"mamba_dt_rank": 8, "time_step_rank": 8, "mamba_n_groups": 1, "mamba_ngroups": 1, "n_groups": 1}
FILLED = {  # at level "filled", for what is None
    "head_dim": HEAD_DIM, "n_routed_experts": EXPERTS, "num_experts": EXPERTS, "num_local_experts": EXPERTS,
    "moe_num_experts": EXPERTS, "num_experts_per_tok": 2, "top_k_experts": 2, "n_group": 1, "topk_group": 1,
    "moe_intermediate_size": FEED_FORWARD, "n_shared_experts": 1, "num_key_value_heads": HEADS,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
    "expert_intermediate_size": FEED_FORWARD, "num_dense_layers": 1, "first_k_dense_replace": 1,
    "layer_types": ["full_attention"] * 2,
}  # fmt: skip
LISTED = {  # lists of layer numbers
    "fullatt_block_indexes": [1], "global_attn_indexes": [1], "global_attention_blocks": [1],
    "full_attention_block_indexes": [1], "deepstack_visual_indexes": [0, 1], "deepstack_visual_layers": [0, 1],
    "intermediate_hidden_state_indices": [0, 1], "intermediate_layers_indices": [0, 1],
}  # fmt: skip


@dataclass
class Shrinking:
    """What to change in one configuration."""

    config: PreTrainedConfig
    level: str = "narrow"
    top: bool = True

    def __post_init__(self):
        self.fields = vars(self.config)
        aliases = getattr(type(self.config), "attribute_map", {}) or {}
        self.depth_name = aliases.get("num_hidden_layers", "num_hidden_layers")
        self.depth = self.fields.get(self.depth_name, getattr(self.config, "num_hidden_layers", None))
        heads = (self.fields.get(name) for name in ("num_attention_heads", "n_head", "n_heads", "num_heads"))
        self.heads = next((count for count in heads if isinstance(count, int)), None)
        self.kept, self.per_layer = self.layers_to_keep() if isinstance(self.depth, int) else (None, {})

    @property
    def narrow(self) -> bool:
        return self.level != "shallow"

    def layers_to_keep(self):
        """Layers such that each combination in the per-layer lists stays: at least 2, at most 6; and those lists."""
        lists = {n: v for n, v in self.fields.items() if isinstance(v, (list, tuple)) and len(v) == self.depth > 1}
        if not lists:
            return None, {}
        rows = [tuple(str(values[i]) for values in lists.values()) for i in range(self.depth)]
        kept = [i for i, row in enumerate(rows) if row not in rows[:i]]
        if len(kept) > 6:  # then only the lists of strings decide
            rows = [tuple(v[i] for v in lists.values() if isinstance(v[i], str)) for i in range(self.depth)]
            kept = [i for i, row in enumerate(rows) if row not in rows[:i]][:6]
        return sorted({*kept, 0, 1} if len(kept) < 2 else kept), lists

    def changes(self) -> dict:
        new = {}
        for name, value in self.fields.items():
            if name.startswith("_") or name == "chunk_size_feed_forward":
                continue
            if isinstance(value, PreTrainedConfig):
                new[name] = Part(replace(self, config=value, top=False).changes())
            elif self.kept and name in self.per_layer:
                new[name] = type(value)(value[i] for i in self.kept)
            elif isinstance(value, int) and not isinstance(value, bool):
                number = self.number(name, value)
                if number is not None:
                    new[name] = number
            elif isinstance(value, (list, tuple)) and value and all(type(v) is int for v in value):
                numbers = self.numbers(name, value)
                if numbers is not None:
                    new[name] = type(value)(numbers)
            elif value is None and self.level == "filled" and name in FILLED:
                new[name] = FILLED[name]
            if self.narrow and name == "rope_parameters" and isinstance(value, dict):
                new[name] = self.rope(value)
        if self.narrow and "image_grid_pinpoints" in self.fields:
            side = 4 * (
                getattr(self.fields.get("vision_config", self.fields.get("image_config")), "patch_size", 14) or 14
            )
            new["image_grid_pinpoints"] = [[side, 2 * side], [2 * side, side], [2 * side, 2 * side]]
        return new | self.special_tokens(new)

    def number(self, name: str, value: int) -> int | None:
        """The new number of this field; None leaves it."""
        if DEPTH(name):
            depth = len(self.kept) if self.kept else 2
            return depth if name == self.depth_name else None if value <= 2 else depth if value == self.depth else 2
        if name in ("first_k_dense_replace", "num_dense_layers"):
            return min(value, 1)
        if name == "max_window_layers":
            return 1
        if EXPERT_COUNT(name):
            return min(value, EXPERTS)
        if EXPERTS_USED(name):
            return min(value, 2)
        if EXPERT_GROUPS(name):
            return 1
        if VOCABULARY(name):
            return min(value, VOCAB)
        return self.width(name, value) if self.narrow else None

    def width(self, name: str, value: int) -> int | None:
        patch, rope = self.fields.get("patch_size"), self.fields.get("qk_rope_head_dim")
        if KEY_HEADS(name):
            fewer = self.heads and value < self.heads
            return value if 0 < value <= KV_HEADS else KV_HEADS if fewer else HEADS
        if QUERY_HEADS(name):
            return HEADS if value > 1 else value
        if name in ("linear_num_value_heads", "linear_num_heads"):
            return 4 if self.fields.get("linear_num_key_heads") != value else 2
        if name in FIXED:
            return FIXED[name]
        if name in AT_MOST:
            return min(value, AT_MOST[name])
        if HEAD_WIDTH(name):
            if name == "head_dim" and rope is not None and value in (rope, self.fields.get("qk_head_dim")):
                return 8 if value == rope else 24
            return HEAD_DIM
        if MODEL_WIDTH(name):
            return WIDTH if value > 8 else None
        if INNER_WIDTH(name):
            return FEED_FORWARD if value > 0 else None
        if name == "image_size" and value > 64:
            return (
                max(4 * patch, 64) if isinstance(patch, int) and patch <= 8 else 4 * patch if type(patch) is int else 64
            )
        if name == "max_source_positions" and value > 60 and value != 6000:
            return 50
        if name in ("image_seq_length", "mm_tokens_per_image"):
            return 16 if name == "image_seq_length" else 4
        if POSITIONS(name) and value > 2048 and not self.fields.get("rope_parameters"):
            return 2048
        return 12 if name == "num_queries" and value > 20 else None

    def numbers(self, name: str, values) -> list[int] | None:
        if re.fullmatch(r"depths|num_blocks|layer_depths|.*_depths", name):
            return [min(v, 2) for v in values]
        if name in LISTED:
            return LISTED[name][: len(values)]
        if name in ("backbone_out_indices", "out_indices") and max(values) > 2:
            return [min(v, 2) for v in values]
        if name == "image_size" and self.narrow:
            patch = self.fields.get("patch_size")
            patch = patch[0] if isinstance(patch, (list, tuple)) else patch
            return [4 * patch if isinstance(patch, int) else 64] * len(values)
        if name == "mrope_section" and self.narrow:
            return sections(values, HEAD_DIM // 2)
        return None

    def rope(self, value: dict) -> dict:
        """Rotary parameters for heads of HEAD_DIM."""

        def shrunk(entry):
            if not isinstance(entry, dict):
                return entry
            entry = {name: shrunk(inner) for name, inner in entry.items()}
            for name in {"mrope_section", "xdrope_section"} & set(entry):
                entry[name] = sections(entry[name], int(HEAD_DIM * (entry.get("partial_rotary_factor") or 1)) // 2)
            for name in {"long_factor", "short_factor"} & set(entry):
                entry[name] = [1.0] * (HEAD_DIM // 2)
            return entry

        new, kind = shrunk(value), type(self.config).__name__.lower()
        nested = any(isinstance(inner, dict) for inner in value.values())
        if (
            "mrope_section" not in str(value)
            and not nested
            and "text" in kind
            and in_source(self.config, "mrope_section")
        ):
            total = int(HEAD_DIM * (value.get("partial_rotary_factor") or 1)) // 2
            new["mrope_section"] = sections([22, 22, 20] if "ernie" in kind else [16, 24, 24], total)
        return new

    def special_tokens(self, new: dict) -> dict:
        """Special tokens inside the vocabulary, each its own; nothing forced or suppressed in generation."""
        vocab = new.get("vocab_size", self.fields.get("vocab_size")) if "vocab_size" in self.fields else None
        vocab = vocab if isinstance(vocab, int) and vocab >= 8 else VOCAB
        tokens, free = {}, vocab - 1
        for name, value in self.fields.items():
            if (
                name in ("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id")
                and type(value) is int
            ):
                if not 0 <= value < vocab:
                    tokens[name] = {"pad": 0, "bos": 1, "eos": 2, "dec": 1}[name[:3]]
            elif re.search(r"token.*(_id|_index)$|_token$", name) and type(value) is int:
                if value >= vocab - 40 or (0 <= value < 20 and "image_token" in name):
                    tokens[name], free = free, free - 1
            elif name in ("eos_token_id", "suppress_tokens", "begin_suppress_tokens") and isinstance(
                value, (list, tuple)
            ):
                tokens[name] = [2] if name == "eos_token_id" else None
            elif value is None and re.fullmatch(r"(image|audio|video|speech)_token_(id|index)", name):
                tokens[name], free = free, free - 1
            elif name in ("forced_eos_token_id", "forced_bos_token_id"):
                tokens[name] = None
        return tokens


def sections(old, total: int) -> list[int]:
    """Parts in about the same proportions, each at least 1, that add up to `total`."""
    new = [max(1, int(size * total / sum(old))) for size in old]
    while sum(new) != total:
        step = 1 if sum(new) < total else -1
        new[new.index(min(new) if step > 0 else max(new))] += step
    return new


def in_source(config: PreTrainedConfig, word: str) -> bool:
    folder = Path(sys.modules[type(config).__module__].__file__).parent
    return any(word in path.read_text(encoding="utf-8") for path in folder.glob("modeling_*.py"))

"""A tiny random model of every family the project supports, built from its configuration; no download."""

import inspect

import torch
import transformers as tf

VOCAB = 99
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "vocab_size": VOCAB,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GROUPED = SIZES | {"num_key_value_heads": 2}
SEQ2SEQ = {  # unequal depths, and heads of unequal widths
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "vocab_size": VOCAB,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
    "forced_eos_token_id": None,
}
T5 = {  # heads x d_kv = 24, d_model = 32
    "d_model": 32,
    "d_kv": 12,
    "d_ff": 64,
    "num_heads": 2,
    "num_layers": 3,  # transformers cannot generate where the decoder is the deeper one
    "num_decoder_layers": 2,
    "vocab_size": VOCAB,
    "pad_token_id": 0,
    "eos_token_id": 2,
    "decoder_start_token_id": 0,
}
IMAGES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "image_size": 16,
    "patch_size": 8,
}
GPT2 = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "vocab_size": VOCAB}
ENDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
SLIDING = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 4}

DECODERS = {
    "gptj": lambda: tf.GPTJForCausalLM(tf.GPTJConfig(**GPT2, rotary_dim=4, **ENDS)),
    "gpt2": lambda: tf.GPT2LMHeadModel(tf.GPT2Config(**GPT2, **ENDS)),
    "opt": lambda: tf.OPTForCausalLM(
        tf.OPTConfig(
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            ffn_dim=64,
            vocab_size=VOCAB,
            max_position_embeddings=64,
            word_embed_proj_dim=32,
            **ENDS,
        )
    ),
    "gpt_neox": lambda: tf.GPTNeoXForCausalLM(tf.GPTNeoXConfig(**SIZES)),
    "gpt_bigcode": lambda: tf.GPTBigCodeForCausalLM(tf.GPTBigCodeConfig(**GPT2, **ENDS, multi_query=True)),
    "llama": lambda: tf.LlamaForCausalLM(tf.LlamaConfig(**GROUPED)),
    "mistral": lambda: tf.MistralForCausalLM(tf.MistralConfig(**GROUPED, sliding_window=4)),
    "mixtral": lambda: tf.MixtralForCausalLM(tf.MixtralConfig(**GROUPED, num_local_experts=3, sliding_window=None)),
    "qwen3": lambda: tf.Qwen3ForCausalLM(tf.Qwen3Config(**GROUPED, head_dim=12)),
    "gemma2": lambda: tf.Gemma2ForCausalLM(
        tf.Gemma2Config(**GROUPED, **SLIDING, head_dim=12, query_pre_attn_scalar=12, attn_logit_softcapping=0.5)
    ),
    "gemma3": lambda: tf.Gemma3ForCausalLM(
        tf.Gemma3TextConfig(**GROUPED, **SLIDING, head_dim=12, query_pre_attn_scalar=12)
    ),
    "phi3": lambda: tf.Phi3ForCausalLM(tf.Phi3Config(**GROUPED)),
    "olmo2": lambda: tf.Olmo2ForCausalLM(tf.Olmo2Config(**GROUPED)),
}
ENCODERS = {
    "bert": lambda: tf.BertForMaskedLM(tf.BertConfig(**SIZES)),
    "roberta": lambda: tf.RobertaForMaskedLM(tf.RobertaConfig(**SIZES)),
    "distilbert": lambda: tf.DistilBertForMaskedLM(
        tf.DistilBertConfig(dim=32, n_layers=2, n_heads=4, hidden_dim=64, vocab_size=VOCAB, max_position_embeddings=64)
    ),
    "electra": lambda: tf.ElectraForMaskedLM(tf.ElectraConfig(**SIZES, embedding_size=16)),
    "albert": lambda: tf.AlbertForMaskedLM(tf.AlbertConfig(**SIZES, embedding_size=16)),
    "modernbert": lambda: tf.ModernBertForMaskedLM(
        tf.ModernBertConfig(**SIZES, local_attention=4, global_attn_every_n_layers=2, cls_token_id=3, sep_token_id=4)
    ),
}
ENCODER_DECODERS = {
    "t5": lambda: tf.T5ForConditionalGeneration(tf.T5Config(**T5)),
    "mt5": lambda: tf.MT5ForConditionalGeneration(tf.MT5Config(**T5)),
    "bart": lambda: tf.BartForConditionalGeneration(tf.BartConfig(**SEQ2SEQ)),
    "mbart": lambda: tf.MBartForConditionalGeneration(tf.MBartConfig(**SEQ2SEQ)),
    "pegasus": lambda: tf.PegasusForConditionalGeneration(tf.PegasusConfig(**SEQ2SEQ)),
    "marian": lambda: tf.MarianMTModel(tf.MarianConfig(**SEQ2SEQ)),
}
OTHERS = {
    "vit": lambda: tf.ViTForImageClassification(tf.ViTConfig(**IMAGES)),
    "dinov2": lambda: tf.Dinov2ForImageClassification(tf.Dinov2Config(**IMAGES)),
    "clip": lambda: tf.CLIPModel(
        tf.CLIPConfig(text_config=SIZES | {"projection_dim": 16}, vision_config=IMAGES | {"projection_dim": 16})
    ),
    "whisper": lambda: tf.WhisperForConditionalGeneration(
        tf.WhisperConfig(
            **{k: v for k, v in SEQ2SEQ.items() if k not in ("max_position_embeddings", "forced_eos_token_id")},
            num_mel_bins=8,
            max_source_positions=10,
            max_target_positions=32,
            suppress_tokens=None,
            begin_suppress_tokens=None,
        )
    ),
}
REFUSED = {
    "xlnet": lambda: tf.XLNetLMHeadModel(tf.XLNetConfig(d_model=32, n_layer=2, n_head=4, d_inner=64, vocab_size=VOCAB)),
    "deberta_v2": lambda: tf.DebertaV2ForMaskedLM(tf.DebertaV2Config(**SIZES)),
    "longformer": lambda: tf.LongformerForMaskedLM(tf.LongformerConfig(**SIZES, attention_window=4)),
}
BEHIND_THE_CACHE = {  # attention of its own, reached by its cache
    "bloom": lambda: tf.BloomForCausalLM(tf.BloomConfig(hidden_size=32, n_layer=2, n_head=4, vocab_size=VOCAB)),
}
FAMILIES = DECODERS | ENCODERS | ENCODER_DECODERS | OTHERS
GENERATORS = DECODERS | ENCODER_DECODERS
TEXT = DECODERS | ENCODERS | ENCODER_DECODERS


def build(name: str, seed: int = 0):
    """The tiny model of this family, in evaluation mode, with weights large enough that attention is not uniform."""
    torch.manual_seed(seed)
    model = (FAMILIES | BEHIND_THE_CACHE | REFUSED)[name]().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(0.1 / parameter.std().clamp(min=1e-3))
    if model.can_generate():
        model.generation_config.eos_token_id = None  # lengths are then the same, run after run
        model.generation_config.forced_eos_token_id = None
    return model


def inputs_for(model, batch: int = 2, tokens: int = 9, seed: int = 1) -> dict[str, torch.Tensor]:
    """A random batch that the model accepts, without padding."""
    draw = torch.Generator().manual_seed(seed)
    config, main = model.config, model.main_input_name
    inputs = {}
    if main == "input_features":
        inputs[main] = torch.randn(batch, config.num_mel_bins, 2 * config.max_source_positions, generator=draw)
    elif main == "pixel_values":
        inputs[main] = torch.randn(batch, 3, config.image_size, config.image_size, generator=draw)
    else:
        inputs[main] = torch.randint(3, VOCAB, (batch, tokens), generator=draw)
    if config.model_type == "clip":
        inputs["pixel_values"] = torch.randn(batch, 3, 16, 16, generator=draw)
    if config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.randint(3, VOCAB, (batch, 6), generator=draw)
    return inputs


def output_of(model, inputs) -> torch.Tensor:
    """The one tensor by which two runs of a model are compared."""
    output = model(**inputs)
    return output.logits_per_text if "logits_per_text" in output else output.logits


def going_on(model, output) -> dict:
    """The arguments by which a call goes on from `output`; its cache was `past_key_values` until transformers 5.23."""
    name = "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"
    return {name: output[name]}


class Attending(torch.nn.Module):
    """As much of an attention module as the attention functions read."""

    def __init__(self, implementation, groups, causal):
        super().__init__()
        self.config = tf.LlamaConfig()
        self.config._attn_implementation_internal = implementation
        self.num_key_value_groups, self.is_causal = groups, causal
        self.eval()


def shake(prefix, size: float = 1.0, seed: int = 2):
    """Give a prefix keys and values that matter, so that a mistake in them shows. Returns it."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in prefix.parameters():
            parameter.copy_(size * torch.randn(parameter.shape, generator=draw))
    return prefix


def enable_checkpointing(model, use_reentrant: bool) -> None:
    """Turn gradient checkpointing on, by the name that this release of transformers has for it."""
    settings = {"use_reentrant": use_reentrant}
    if hasattr(model, "activation_checkpointing_enable"):
        model.activation_checkpointing_enable(settings)
    else:
        model.gradient_checkpointing_enable(settings)
    if use_reentrant:  # which needs an input that requires a gradient
        model.enable_input_require_grads()

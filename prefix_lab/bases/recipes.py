"""How each base is made: its class and shape, what it reads, its objective, and for how many steps."""

from collections.abc import Callable
from dataclasses import dataclass

from prefix_lab.bases import circuits
from prefix_lab.bases.objectives import blanks, masked, next_token
from prefix_lab.bases.vision import drawings, image_encoder


@dataclass(frozen=True)
class Recipe:
    """A base before it exists. `rows` of `length` tokens a step, or as many documents of at most `length` tokens.

    A base that reads drawings has `rows` of them, of `length` patches, a step.
    """

    build: Callable  # tokenizer, or image processor -> a model with random weights
    objective: Callable
    steps: int
    rows: int
    length: int
    peak: float = 3e-3  # the highest learning rate


def decoder(tokenizer):
    """A LlamaForCausalLM."""
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=192,
            intermediate_size=576,
            num_hidden_layers=4,
            num_attention_heads=6,
            num_key_value_heads=6,
            max_position_embeddings=1024,
            rope_parameters={"rope_type": "default", "rope_theta": 500000.0},
            attention_bias=True,
            initializer_range=0.04,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    circuits.copying_decoder(model)
    return model


def encoder(tokenizer):
    """A ModernBertForMaskedLM: BERT's objective with rotary positions; every layer attends to the whole row."""
    from transformers import ModernBertConfig, ModernBertForMaskedLM

    rotary = {"rope_type": "default", "rope_theta": 500000.0}
    model = ModernBertForMaskedLM(
        ModernBertConfig(
            vocab_size=len(tokenizer),
            hidden_size=192,
            intermediate_size=448,
            num_hidden_layers=4,
            num_attention_heads=6,
            max_position_embeddings=1024,
            global_attn_every_n_layers=1,
            rope_parameters={"full_attention": rotary, "sliding_attention": rotary},
            attention_bias=True,
            initializer_range=0.04,
            tie_word_embeddings=True,
            sparse_prediction=True,  # in training, logits of masked tokens alone
            bos_token_id=tokenizer.bos_token_id,
            cls_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            sep_token_id=tokenizer.sep_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    circuits.copying_encoder(model, tokenizer.mask_token_id)
    return model


def encoder_decoder(tokenizer):
    """A T5ForConditionalGeneration with gated feed-forward layers, as in T5 1.1, and tied embeddings."""
    from transformers import T5Config, T5ForConditionalGeneration

    model = T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer),
            d_model=160,
            d_kv=32,
            d_ff=320,
            num_heads=5,
            num_layers=3,
            num_decoder_layers=3,
            feed_forward_proj="gated-gelu",
            dropout_rate=0.0,
            tie_word_embeddings=True,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
        )
    )
    circuits.copying_encoder_decoder(model)
    model.set_attn_implementation("eager")  # with T5's added positions a third faster than sdpa on a processor
    return model


RECIPES = {  # in the order in which they are made: what takes longest first
    "lab-gpt": Recipe(decoder, next_token, steps=9000, rows=8, length=512),
    "lab-t5": Recipe(encoder_decoder, blanks, steps=6400, rows=48, length=320),
    "lab-bert": Recipe(encoder, masked, steps=7000, rows=16, length=256),
    "lab-vit": Recipe(image_encoder, drawings, steps=2000, rows=64, length=64),
}

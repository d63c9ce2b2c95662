"""What is measured side by side: models by name, and what is put on one of them, each ready within a `with`."""

from contextlib import contextmanager

import torch
import transformers as tf
from torch import nn
from transformers import PreTrainedModel

import prefix_lab as pl
from prefix_lab.sites import find_sites


def _gpt2():
    """GPT-2 small: 124 M parameters, 12 layers, 12 heads of 64."""
    return tf.GPT2LMHeadModel(tf.GPT2Config())


def _qwen3():
    """Qwen3-0.6B's shape: 28 layers, 16 heads of 128 on 8 key heads, 151,936 tokens."""
    shape = {"hidden_size": 1024, "num_hidden_layers": 28, "intermediate_size": 3072, "vocab_size": 151_936}
    heads = {"num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128}
    return tf.Qwen3ForCausalLM(tf.Qwen3Config(**shape, **heads, tie_word_embeddings=True))


def _bert():
    """BERT-base: 110 M parameters, 12 layers, 12 heads of 64, with a head for two classes."""
    return tf.BertForSequenceClassification(tf.BertConfig())


def _t5():
    """T5-small: 60 M parameters, 6 layers on each side, 8 heads of 64."""
    return tf.T5ForConditionalGeneration(
        tf.T5Config(d_model=512, d_kv=64, d_ff=2048, num_layers=6, num_heads=8, decoder_start_token_id=0)
    )


SHAPES = {"gpt2": _gpt2, "qwen3-0.6b": _qwen3, "bert": _bert, "t5": _t5}


def build(name: str, dtype: str = "float32") -> PreTrainedModel:
    """A model with random weights, or one that `load_base` knows; frozen, and writing never ends early."""
    torch.manual_seed(0)
    model = SHAPES[name]() if name in SHAPES else pl.load_base(name)[0]
    model = model.to(getattr(torch, dtype)).requires_grad_(False).eval()
    if model.can_generate():
        model.generation_config.eos_token_id = None
    return model


def inputs_for(model, batch: int, tokens: int) -> dict:
    """Random tokens with labels: of each token, of the class, or of a target a quarter as long."""
    ids = torch.randint(3, model.config.vocab_size, (batch, tokens), device=model.device)
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if model.config.is_encoder_decoder:
        return given | {"labels": ids[:, : max(1, tokens // 4)].clone()}
    return given | {"labels": ids if model.can_generate() else ids[:, 0] % 2}


def filled(model, batch: int, tokens: int) -> tf.DynamicCache:
    """A cache that holds the random keys and values of a text of so many tokens."""
    cache = tf.DynamicCache(config=model.config)
    for layer, site in enumerate(find_sites(model)):
        shape = (2, batch, site.kv_heads, tokens, site.key_dim)
        cache.update(*torch.randn(shape, dtype=model.dtype, device=model.device), layer)
    return cache


def wait_for(device: torch.device) -> None:
    """Until the accelerator has done what it was told; a CPU has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Bare:
    """The model as it is, with nothing to train."""

    def __init__(self, model, length: int):
        self.base = self.model = model
        self.trained: list = []

    @contextmanager
    def ready(self):
        """Within it, the model has what this method puts on it."""
        yield

    def loss(self, batch: dict):
        """The loss of a batch of `inputs_for`."""
        return self.model(**batch).loss


class PrefixLab(Bare):
    """A direct prefix of this package at every attention, or several by name."""

    def __init__(self, model, length: int, names: tuple[str, ...] = ()):
        super().__init__(model, length)
        self.prefix = pl.attach(model, length=length)
        if names:
            pl.detach(model)
            self.prefix = {}
            for name in names:
                self.prefix[name] = pl.attach(model, length=length)
                pl.detach(model)
        else:
            pl.detach(model)
            self.trained = list(self.prefix.parameters())

    @contextmanager
    def ready(self):
        pl.attach(self.model, self.prefix)
        yield
        pl.detach(self.model)


class Plain(PrefixLab):
    """The same prefix, trained by a loop that is written out where it is measured."""


class Peft(Bare):
    """PEFT's prefix with as many numbers."""

    def __init__(self, model, length: int, names: tuple[str, ...] = ()):
        super().__init__(model, length)
        self.model = peft_prefix(model, length, *names[:1])
        for name in names[1:]:
            self.model.add_adapter(name, self.model.peft_config[names[0]])
        self.trained = [p for p in self.model.parameters() if p.requires_grad]

    @contextmanager
    def ready(self):
        yield
        self.base.__dict__.pop("prepare_inputs_for_generation", None)  # which PEFT leaves on the base


class Visible(Bare):
    """P more tokens in view, whose vectors train at the input: no method that trains inputs can do less."""

    def __init__(self, model, length: int):
        super().__init__(model, length)
        self.rows = nn.Parameter(0.02 * torch.randn(length, model.get_input_embeddings().weight.shape[1]))
        self.rows.data = self.rows.data.to(model.device, model.dtype)
        self.trained = [self.rows]

    def loss(self, batch: dict):
        model, ids, count = self.model, batch["input_ids"], len(self.rows)
        states = torch.cat([self.rows.expand(len(ids), -1, -1), model.get_input_embeddings()(ids)], dim=1)
        given = {
            "inputs_embeds": states,
            "attention_mask": nn.functional.pad(batch["attention_mask"], (count, 0), value=1),
        }
        each = model.can_generate() and not model.config.is_encoder_decoder  # a label for each token
        labels = nn.functional.pad(batch["labels"], (count, 0), value=-100) if each else batch["labels"]
        return model(**given, labels=labels).loss


def peft_prefix(model, length: int, name: str = "default"):
    """PEFT's own prefix at the keys and values of a model whose layers are all alike, as many numbers as ours."""
    from peft import PrefixTuningConfig, get_peft_model

    sites = find_sites(model)
    shape = {"num_layers": len(sites), "num_attention_heads": sites[0].kv_heads}
    shape["token_dim"] = sites[0].kv_heads * sites[0].key_dim
    kind = "CAUSAL_LM" if model.can_generate() else "FEATURE_EXTRACTION"
    wrapped = get_peft_model(model, PrefixTuningConfig(kind, num_virtual_tokens=length, **shape), adapter_name=name)
    if model.can_generate():
        prepare = wrapped.base_model_prepare_inputs_for_generation
        wrapped.base_model_prepare_inputs_for_generation = lambda *args, **inputs: _renamed(prepare(*args, **inputs))
    return wrapped


def _renamed(inputs: dict) -> dict:
    """The cache under the name that PEFT looks for, or generation would leave its prefix out: it became `cache`."""
    return inputs | ({"past_key_values": inputs.pop("cache")} if "cache" in inputs else {})


METHODS = {"prefix_lab": PrefixLab, "PEFT": Peft, "bare": Bare, "visible tokens": Visible, "a plain loop": Plain}

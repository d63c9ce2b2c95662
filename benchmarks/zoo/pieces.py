"""The pieces that inputs are made of: tokens, pictures' sizes, numbers of a configuration and of its parts."""

import inspect

import torch

BATCH, TOKENS, DECODER_TOKENS = 2, 9, 6


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def ones(*shape: int) -> torch.Tensor:
    return torch.ones(*shape, dtype=torch.long)


def parts(config) -> list:
    """The configuration and those inside it."""
    inner = [value for value in vars(config).values() if hasattr(value, "model_type") and hasattr(value, "to_dict")]
    return [config, *(found for value in inner for found in parts(value))]


def field(config, *names: str, default=None):
    """The first of these fields that the configuration or a part of it has set."""
    values = (getattr(part, name, None) for part in parts(config) for name in names)
    return next((value for value in values if value is not None and not isinstance(value, dict)), default)


def number(config, *names: str, default: int) -> int:
    value = field(config, *names, default=default)
    value = value[0] if isinstance(value, (list, tuple)) else value
    return value if isinstance(value, int) else default


def special_ids(config) -> set[int]:
    """The numbers that the configuration gives to special tokens."""
    named = ((name, value) for part in parts(config) for name, value in vars(part).items())
    return {value for name, value in named if "token" in name and type(value) is int}


def text_config(config, **which):
    try:
        return config.get_text_config(**which)
    except ValueError:  # several text parts
        return getattr(config, "text_encoder", config)


def tokens(config, batch: int = BATCH, count: int = TOKENS, seed: int = 1) -> torch.Tensor:
    """Ordinary tokens (B, T), none of them special."""
    vocab = getattr(text_config(config), "vocab_size", None) or field(config, "vocab_size", default=100)
    vocab = min(vocab, 100000) if isinstance(vocab, int) else 100
    special = special_ids(config)
    ordinary = [i for i in range(min(5, vocab // 2), vocab) if i not in special][:90] or list(range(vocab))
    chosen = torch.randint(0, len(ordinary), (batch, count), generator=torch.Generator().manual_seed(seed))
    return torch.tensor(ordinary)[chosen]


def codes(*shape: int) -> torch.Tensor:
    """Codes of a sound's codebooks."""
    return torch.randint(3, 60, shape, generator=torch.Generator().manual_seed(3))


def image_size(config) -> tuple[int, int]:
    sizes = (getattr(part, "image_size", None) for part in parts(config))
    size = next((s for s in sizes if s is not None and not isinstance(s, dict)), 64)
    return tuple(size[:2]) if isinstance(size, (list, tuple)) else (size, size)


def placeholder(config, what: str) -> int | None:
    """The token that stands for a piece of an image or of a sound."""
    names = (f"{what}_token_id", f"{what}_token_index", "media_placeholder_token_id", f"{what}_soft_token_id")
    ids = (getattr(part, name, None) for part in parts(config) for name in names)
    return next((i for i in ids if isinstance(i, int)), None)


def text(model) -> dict:
    """The token arguments of this model."""
    config, names = model.config, inspect.signature(model.forward).parameters
    inputs = {"input_ids": tokens(config)} if "input_ids" in names else {}
    reads_both = config.is_encoder_decoder or not inputs or config.model_type in ("moonshine", "speecht5")
    if "decoder_input_ids" in names and reads_both:
        inputs["decoder_input_ids"] = tokens(text_config(config, decoder=True), count=DECODER_TOKENS, seed=2)
    if "bbox" in names:
        boxes = torch.tensor([1, 2, 20, 30]).expand(BATCH, TOKENS, 4).clone()
        inputs["bbox"] = boxes.float() / 100 if config.model_type == "udop" else boxes
    return inputs

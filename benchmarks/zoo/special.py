"""Model types whose inputs have a shape of their own."""

import torch

from .pieces import codes, image_size, normal, ones, text, tokens


def _codebooks(config) -> int:
    return getattr(config, "decoder", config).num_codebooks


def _points(model, names):
    height, width = image_size(model.config)
    return {"pixel_values": normal(2, 3, height, width), "input_points": torch.rand(2, 1, 2, 2) * height}


def _series(model, names):
    config = model.config
    length, times = config.context_length + max(config.lags_sequence), config.num_time_features
    return {
        "past_values": normal(2, length),
        "past_time_features": normal(2, length, times),
        "past_observed_mask": torch.ones(2, length),
        "future_values": normal(2, config.prediction_length),
        "future_time_features": normal(2, config.prediction_length, times),
    }


def _times_fm(model, names):
    inputs = {"past_values": [normal(64), normal(64)]}
    return inputs | ({"freq": ones(2, 1) * 0} if "freq" in names else {})


def _music(model, names):
    rows = 2 * _codebooks(model.config)
    return {"input_ids": tokens(model.config).clamp(max=60), "decoder_input_ids": codes(rows, 6)}


def _music_decoder(model, names):
    return {"input_ids": codes(2 * model.config.num_codebooks, 6)}


def _speech_t5(model, names):
    if "decoder_input_values" in names:
        return {"input_ids": tokens(model.config), "decoder_input_values": normal(2, 6, model.config.num_mel_bins)}
    return {"input_values": normal(2, 4000), "decoder_input_ids": tokens(model.config, count=6)}


def _idefics(model, names):
    size = image_size(model.config)
    pictures = {"pixel_values": normal(2, 1, 3, *size), "image_attention_mask": ones(2, 9, 1)}
    return {"input_ids": tokens(model.config), "attention_mask": ones(2, 9)} | pictures


def _mllama(model, names):
    config = model.config
    if not hasattr(config, "vision_config"):
        return text(model)
    tiles = config.vision_config.max_num_tiles
    return {
        "input_ids": tokens(config),
        "pixel_values": normal(2, 1, tiles, 3, *image_size(config)),
        "aspect_ratio_ids": ones(2, 1),
        "aspect_ratio_mask": ones(2, 1, tiles),
        "cross_attention_mask": ones(2, 9, 1, tiles),
    }


def _kosmos(model, names):
    config = model.config
    places = torch.zeros(2, 9 + config.latent_query_num, dtype=torch.long)
    places[:, 1 : 1 + config.latent_query_num] = 1
    ids = tokens(config, count=places.shape[1])
    return {"input_ids": ids, "pixel_values": normal(2, 3, *image_size(config)), "image_embeds_position_mask": places}


def _visual_bert(model, names):
    sight = {"visual_embeds": normal(2, 4, model.config.visual_embedding_dim), "visual_attention_mask": ones(2, 4)}
    return text(model) | {"attention_mask": ones(2, 9)} | sight


def _lxmert(model, names):
    config = model.config
    sight = {
        "visual_feats": normal(2, 5, config.visual_feat_dim),
        "visual_pos": torch.rand(2, 5, config.visual_pos_dim),
    }
    return text(model) | sight


def _layout(model, names):
    return text(model) | {"image": normal(2, 3, 224, 224)}


def _decisions(model, names):
    config = model.config
    moves = {"states": normal(2, 5, config.state_dim), "actions": normal(2, 5, config.act_dim)}
    gains = {"rewards": normal(2, 5, 1), "returns_to_go": normal(2, 5, 1)}
    return moves | gains | {"timesteps": torch.arange(5).expand(2, 5), "attention_mask": ones(2, 5)}


def _clap(model, names):
    sound = {"input_features": normal(2, 1, 1001, 64), "is_longer": torch.zeros(2, 1, dtype=torch.bool)}
    return ({"input_ids": tokens(model.config)} if "input_ids" in names else {}) | sound


def _pix2struct(model, names):
    vision = getattr(model.config, "vision_config", model.config)
    patches = {"flattened_patches": normal(2, 16, 2 + vision.patch_embed_hidden_size)}
    return patches | ({"decoder_input_ids": tokens(model.config, count=6)} if "decoder_input_ids" in names else {})


def _luke(model, names):
    places = torch.tensor([[[1, 2, -1], [3, 4, -1]]] * 2)
    return {"input_ids": tokens(model.config), "entity_ids": ones(2, 2), "entity_position_ids": places}


def _roc(model, names):
    ids = tokens(model.config)
    return {"input_ids": ids, "input_shape_ids": ids, "input_pronunciation_ids": ids}


def _evolla(model, names):
    protein = torch.randint(4, 20, (2, 7), generator=torch.Generator().manual_seed(3))
    ids = {"input_ids": tokens(model.config)}
    return ids | {"protein_input_ids": protein, "protein_attention_mask": ones(2, 7)}


def _dia(model, names):
    sound = codes(2, 6, model.config.decoder_config.num_channels)
    return {"input_ids": tokens(model.config), "decoder_input_ids": sound}


def _text(model, names):
    return text(model)


def _seamless(model, names):
    return text(model) if "input_ids" in names else None


SPECIAL = {
    "autoformer": _series,
    "clap": _clap,
    "clap_audio_model": _clap,
    "csm": lambda model, names: {"input_ids": codes(2, 6, model.config.num_codebooks)},
    "decision_transformer": _decisions,
    "dia": _dia,
    "edgetam": _points,
    "encoder-decoder": lambda model, names: {
        "input_ids": tokens(model.config),
        "decoder_input_ids": tokens(model.config, count=6, seed=5),
    },
    "evolla": _evolla,
    "flava": lambda model, names: {
        "input_ids": tokens(model.config),
        "pixel_values": normal(2, 3, *image_size(model.config)),
    },
    "fuyu": _text,
    "idefics": _idefics,
    "informer": _series,
    "kosmos-2": _kosmos,
    "kyutai_speech_to_text": lambda model, names: {"input_ids": codes(2, 6, model.config.num_codebooks + 1)},
    "layoutlmv2": _layout,
    "luke": _luke,
    "lxmert": _lxmert,
    "markuplm": _text,
    "mllama": _mllama,
    "mluke": _luke,
    "musicgen": _music,
    "musicgen_decoder": _music_decoder,
    "musicgen_melody": _music,
    "musicgen_melody_decoder": _music_decoder,
    "oneformer": lambda model, names: {
        "pixel_values": normal(2, 3, 64, 64),
        "task_inputs": tokens(model.config, count=77).clamp(max=50),
    },
    "perceiver": lambda model, names: {"inputs": tokens(model.config)},
    "pix2struct": _pix2struct,
    "pix2struct_vision_model": _pix2struct,
    "roc_bert": _roc,
    "sam": _points,
    "sam2": _points,
    "sam_hq": _points,
    "seamless_m4t": _seamless,
    "seamless_m4t_v2": _seamless,
    "speecht5": _speech_t5,
    "tapas": lambda model, names: {"input_ids": tokens(model.config), "token_type_ids": ones(2, 9, 7) * 0},
    "time_series_transformer": _series,
    "timesfm": _times_fm,
    "timesfm2_5": _times_fm,
    "visual_bert": _visual_bert,
}

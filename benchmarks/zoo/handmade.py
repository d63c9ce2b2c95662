"""What field names alone cannot shrink: composite configurations, and a few fields of single model types."""

import transformers as tf

SWIN = {"image_size": 64, "patch_size": 4, "depths": [1, 1], "num_heads": [2, 4], "embed_dim": 32, "window_size": 4}
HYBRID = ["mamba", "hybrid", "mamba", "hybrid"]
ZAMBA = {"num_hidden_layers": 4, "layers_block_type": HYBRID, "attention_hidden_size": 128, "attention_head_dim": 32}
STARTS = {"decoder_start_token_id": 1, "pad_token_id": 0}
DECODER = {"is_decoder": True, "add_cross_attention": True}

EXTRA = {
    "bailing_hybrid": {"n_group": 1, "topk_group": 1},
    "bamba": {"attn_layer_indices": [1]},
    "big_bird": {"block_size": 8},
    "chameleon": {"vocabulary_map": {"<image>": 5}},
    "donut-swin": SWIN,
    "emu3": {"vocabulary_map": {"<image>": 5}},
    "esm": {"vocab_size": 33, "pad_token_id": 1, "mask_token_id": 32},
    "granitemoehybrid": {"layer_types": ["mamba", "attention"], "layers_block_type": ["mamba", "attention"]},
    "jamba": {"num_hidden_layers": 4, "attn_layer_period": 2, "attn_layer_offset": 1}
    | {"expert_layer_period": 2, "expert_layer_offset": 1},
    "led": {"attention_window": [4, 4]},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"]},
    "longformer": {"attention_window": [4, 4]},
    "mamba2": {"num_heads": 8, "head_dim": 16, "chunk_size": 8, "n_groups": 1, "state_size": 16},
    "maskformer-swin": SWIN,
    "mistral4": {"qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "qk_head_dim": 16, "head_dim": 16},
    "moonshine_streaming": {"num_key_value_heads": 4},
    "recurrent_gemma": {"num_hidden_layers": 3, "attention_window_size": 32},
    "reformer": {"is_decoder": True, "axial_pos_shape": (8, 8), "axial_pos_embds_dim": (32, 32)}
    | {"attn_layers": ("local", "lsh"), "local_attn_chunk_length": 8, "lsh_attn_chunk_length": 8, "num_buckets": 2},
    "swin": SWIN,
    "swinv2": SWIN | {"pretrained_window_sizes": [0, 0]},
    "wav2vec2-bert": {"vocab_size": 32},
    "wav2vec2-conformer": {"vocab_size": 32},
    "xmod": {"default_language": "en_XX"},
    "zamba": ZAMBA | {"n_mamba_heads": 2, "mamba_dt_rank": 8},
    "zamba2": ZAMBA
    | {"hybrid_layer_ids": [1, 3], "mamba_headdim": 16, "n_mamba_heads": 8, "chunk_size": 8, "mamba_d_state": 16},
}


def _segment_anything(config_class, **decoder):
    return config_class(
        vision_config={"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 64}
        | {"patch_size": 16, "output_channels": 32, "num_pos_feats": 16, "mlp_dim": 64}
        | {"global_attn_indexes": [1], "window_size": 2},
        prompt_encoder_config={"hidden_size": 32, "image_size": 64, "patch_size": 16}
        | {"image_embedding_size": 4, "mask_input_channels": 8},
        mask_decoder_config={"hidden_size": 32, "num_hidden_layers": 2, "mlp_dim": 64, "num_attention_heads": 4}
        | {"iou_head_hidden_dim": 32}
        | decoder,
    )


def _swin_backbone():
    stages = [f"stage{i}" for i in (1, 2, 3, 4)]
    sizes = {"image_size": 64, "patch_size": 4, "embed_dim": 16, "window_size": 4}
    return tf.SwinConfig(depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2], out_features=stages, **sizes)


def _mask2former(part):
    return tf.Mask2FormerConfig(
        backbone_config=_swin_backbone(), hidden_dim=32, feature_size=32, mask_feature_size=32, num_attention_heads=4,
        encoder_layers=2, decoder_layers=3, dim_feedforward=32, encoder_feedforward_dim=32, num_queries=8,
    )  # fmt: skip


def _maskformer(part):
    decoder = {"model_type": "detr", "d_model": 32, "decoder_layers": 2, "encoder_layers": 2, "num_queries": 8}
    decoder |= {
        "decoder_attention_heads": 4,
        "encoder_attention_heads": 4,
        "decoder_ffn_dim": 32,
        "encoder_ffn_dim": 32,
    }
    return tf.MaskFormerConfig(
        backbone_config=_swin_backbone(), fpn_feature_size=32, mask_feature_size=32, num_attention_heads=4,
        decoder_config=decoder,
    )  # fmt: skip


def _mllama(part):
    text = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2}
    text |= {"intermediate_size": 64, "vocab_size": 160, "cross_attention_layers": [1, 3]}
    text |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    vision = {"hidden_size": 64, "num_hidden_layers": 2, "num_global_layers": 1, "attention_heads": 4}
    vision |= {
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "image_size": 56,
        "patch_size": 14,
        "max_num_tiles": 4,
    }
    vision |= {"intermediate_layers_indices": [0, 1], "vision_output_dim": 192}
    rope = {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4}}
    return tf.MllamaConfig(text_config=text | rope, vision_config=vision, image_token_index=159)


def _detection(model_type, stages=("stage4",), **fields):
    def make(part):
        backbone = tf.ResNetConfig(
            embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1], out_features=list(stages)
        )
        return tf.CONFIG_MAPPING[model_type](
            use_timm_backbone=False, backbone=None, use_pretrained_backbone=False, backbone_config=backbone, d_model=64,
            encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
            encoder_ffn_dim=64, decoder_ffn_dim=64, num_queries=8, **fields,
        )  # fmt: skip

    return make


def _two(config_class: str, first: str, second: str):
    """An encoder and a decoder of these types in one model."""

    def make(part):
        join = getattr(tf, config_class).from_encoder_decoder_configs
        return join(part(first), part(second, **DECODER), **STARTS)

    return make


HAND_MADE = {
    "conditional_detr": _detection("conditional_detr"),
    "dab-detr": _detection("dab-detr", hidden_size=64, num_attention_heads=4),
    "deformable_detr": _detection("deformable_detr", ("stage2", "stage3", "stage4")),
    "detr": _detection("detr"),
    "encoder-decoder": _two("EncoderDecoderConfig", "bert", "bert"),
    "mask2former": _mask2former,
    "maskformer": _maskformer,
    "mllama": _mllama,
    "nougat": _two("VisionEncoderDecoderConfig", "donut-swin", "mbart"),
    "sam": lambda part: _segment_anything(tf.SamConfig),
    "sam_hq": lambda part: _segment_anything(tf.SamHQConfig, vit_dim=64),
    "speech-encoder-decoder": _two("SpeechEncoderDecoderConfig", "wav2vec2", "bert"),
    "table-transformer": _detection("table-transformer"),
    "vision-encoder-decoder": _two("VisionEncoderDecoderConfig", "vit", "gpt2"),
    "vision-text-dual-encoder": lambda part: tf.VisionTextDualEncoderConfig.from_vision_text_configs(
        part("vit"), part("bert")
    ),
}

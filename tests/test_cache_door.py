"""The second door: a prefix in models whose attention is code of their own, but keeps a cache."""

import copy
import pickle
import warnings
from threading import Thread

import pytest
import torch
import transformers as tf
from families import BEHIND_THE_CACHE, VOCAB, going_on
from transformers import DynamicCache

import prefix_lab as pl
from prefix_lab.cache import Passing, widen_mask, with_prefix

P = 4
pytestmark = pytest.mark.filterwarnings("ignore::prefix_lab.coverage.UnreachedWarning")
ONES = {"vocab_size": VOCAB, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
BERT = ONES | {"intermediate_size": 48, "max_position_embeddings": 64}
ENDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
BART = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "vocab_size": VOCAB}
BART |= {"decoder_attention_heads": 4, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "max_position_embeddings": 64}
NEO = {"num_layers": 2, "num_heads": 4, "hidden_size": 32, "max_position_embeddings": 64, "vocab_size": VOCAB} | ENDS
XLM = {"vocab_size": VOCAB, "emb_dim": 32, "n_layers": 2, "n_heads": 4, "max_position_embeddings": 64}

DECODERS = {
    **BEHIND_THE_CACHE,
    "gpt_neo": lambda: tf.GPTNeoForCausalLM(
        tf.GPTNeoConfig(**NEO, window_size=3, attention_types=[[["global", "local"], 1]])
    ),
    "xglm": lambda: tf.XGLMForCausalLM(
        tf.XGLMConfig(
            vocab_size=VOCAB, d_model=32, ffn_dim=48, num_layers=2, attention_heads=4, max_position_embeddings=64
        )
    ),
    "falcon": lambda: tf.FalconForCausalLM(tf.FalconConfig(**ONES, **ENDS)),
    "falcon_alibi": lambda: tf.FalconForCausalLM(tf.FalconConfig(**ONES, **ENDS, alibi=True)),
    "falcon_eager": lambda: tf.FalconForCausalLM._from_config(
        tf.FalconConfig(**ONES, **ENDS, alibi=True), attn_implementation="eager"
    ),
    "falcon_grouped": lambda: tf.FalconForCausalLM(
        tf.FalconConfig(**ONES, **ENDS, new_decoder_architecture=True, num_kv_heads=2)
    ),
    "mpt": lambda: tf.MptForCausalLM(tf.MptConfig(d_model=32, n_layers=2, n_heads=4, vocab_size=VOCAB, max_seq_len=32)),
    "gpt_neox_japanese": lambda: tf.GPTNeoXJapaneseForCausalLM(
        tf.GPTNeoXJapaneseConfig(**ONES, max_position_embeddings=64, **ENDS)
    ),
    "megatron_bert": lambda: tf.MegatronBertForCausalLM(tf.MegatronBertConfig(**BERT, is_decoder=True)),
    "rembert": lambda: tf.RemBertForCausalLM(
        tf.RemBertConfig(**BERT, **ENDS, input_embedding_size=16, output_embedding_size=16, is_decoder=True)
    ),
    "roformer": lambda: tf.RoFormerForCausalLM(tf.RoFormerConfig(**BERT, is_decoder=True)),
    "trocr": lambda: tf.TrOCRForCausalLM(
        tf.TrOCRConfig(
            vocab_size=VOCAB,
            d_model=32,
            decoder_layers=2,
            decoder_attention_heads=4,
            decoder_ffn_dim=48,
            max_position_embeddings=64,
        )
    ),
    "mvp": lambda: tf.MvpForCausalLM(tf.MvpConfig(**BART, is_decoder=True, is_encoder_decoder=False)),
}
ENCODERS = {
    "megatron_bert_mlm": lambda: tf.MegatronBertForMaskedLM(tf.MegatronBertConfig(**BERT)),
    "roformer_mlm": lambda: tf.RoFormerForMaskedLM(tf.RoFormerConfig(**BERT)),
    "rembert_mlm": lambda: tf.RemBertForMaskedLM(
        tf.RemBertConfig(**BERT, **ENDS, input_embedding_size=16, output_embedding_size=16)
    ),
    "big_bird_mlm": lambda: tf.BigBirdForMaskedLM(
        tf.BigBirdConfig(**BERT, sep_token_id=3, attention_type="original_full")
    ),
    "tapas_mlm": lambda: tf.TapasForMaskedLM(tf.TapasConfig(**BERT)),
    "xlm": lambda: tf.XLMWithLMHeadModel(tf.XLMConfig(**XLM)),
    "flaubert": lambda: tf.FlaubertWithLMHeadModel(tf.FlaubertConfig(**XLM)),
}
PAIRS = {"mvp_pair": lambda: tf.MvpForConditionalGeneration(tf.MvpConfig(**BART))}
ALL = DECODERS | ENCODERS | PAIRS
# positions that nobody can give them, so that a left-padded row cannot be told where its text begins
UNNUMBERED = {"roformer", "trocr", "mvp"}
# learned positions, counted from the length of the mask or of the cache
COUNTED = {"megatron_bert", "rembert", "trocr", "mvp", "xglm", "roformer"}


def build(name: str):
    torch.manual_seed(0)
    model = ALL[name]().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(0.1 / parameter.std().clamp(min=1e-3))
    if model.can_generate():
        model.generation_config.eos_token_id = None
        model.generation_config.forced_eos_token_id = None
        model.generation_config.pad_token_id = 0
    return model


def draw(prefix, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    for parameter in prefix.parameters():
        parameter.data.normal_(generator=generator)
    return prefix


def attached(name: str, length: int = P):
    model = build(name)
    return model, draw(pl.attach(model, length=length))


def tokens(batch: int = 2, length: int = 7, seed: int = 1) -> torch.Tensor:
    return torch.randint(4, VOCAB, (batch, length), generator=torch.Generator().manual_seed(seed))


def inputs_for(model, ids: torch.Tensor) -> dict:
    more = {"decoder_input_ids": ids.flip(1)} if model.config.is_encoder_decoder else {}
    return {"input_ids": ids} | more


@pytest.mark.parametrize("name", ALL)
def test_every_attention_has_a_site_behind_the_second_door(name):
    model, prefix = attached(name)
    kinds = {site.kind for site in prefix.config.sites}
    assert {site.door for site in prefix.config.sites} == {"cache"}
    assert len(prefix.config.sites) == (6 if name in PAIRS else 2)
    wanted = {"decoder"} if name in DECODERS else {"encoder"} if name in ENCODERS else {"encoder", "decoder", "cross"}
    assert kinds == wanted


@pytest.mark.parametrize("name", sorted(DECODERS.keys() - COUNTED))
def test_it_equals_the_models_own_cache_filled_with_the_prefix(name):
    model, prefix = attached(name)
    ids = tokens()
    got = model(input_ids=ids).logits
    filled = DynamicCache()
    for layer in range(2):
        key, value = prefix(layer)
        filled.update(key.expand(2, -1, -1, -1), value.expand(2, -1, -1, -1), layer)
    pl.detach(model)
    more = {} if name in ("bloom", "mpt") else {"position_ids": torch.arange(7)[None].expand(2, -1)}
    if name == "gpt_neo":  # its own window of 3 would hide what the cache holds
        model.transformer.h[1].attn.attention.bias[:, :, :, :P] = True
    want = model(input_ids=ids, attention_mask=torch.ones(2, P + 7).long(), cache=filled, **more).logits
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)


def test_a_text_as_long_as_the_table_of_distances_stands_behind_a_prefix():
    small, long = (
        tf.MptForCausalLM(
            tf.MptConfig(d_model=32, n_layers=2, n_heads=4, vocab_size=VOCAB, max_seq_len=length, initializer_range=0.5)
        ).eval()
        for length in (7, 64)
    )
    long.load_state_dict(small.state_dict())
    prefix = draw(pl.attach(small, length=P))
    got = small(tokens()).logits
    pl.detach(small)
    pl.attach(long, prefix)
    torch.testing.assert_close(got, long(tokens()).logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["megatron_bert_mlm", "rembert_mlm", "tapas_mlm", "roformer_mlm", "big_bird_mlm"])
def test_an_encoder_attends_to_prefix_and_text_under_one_softmax(name):
    model, prefix = attached(name)
    site = prefix.config.sites[0]
    module = model.get_submodule(site.name)
    seen = {}
    for part in ("query", "key", "value"):
        getattr(module, part).register_forward_hook(
            lambda m, a, out, part=part: seen.update({part: out.unflatten(-1, (4, 8)).transpose(1, 2)})
        )
    module.register_forward_hook(lambda m, a, out: seen.update(out=out[0]))
    mask = torch.ones(2, 7).long()
    mask[1, 5:] = 0
    if name == "roformer_mlm":
        more = model.roformer.encoder.embed_positions((2, 7))[None, None]
    model(input_ids=tokens(), attention_mask=mask)
    query, key, value = seen["query"], seen["key"], seen["value"]
    if name == "roformer_mlm":
        query, key = module.apply_rotary_position_embeddings(more, query, key)
    own_key, own_value = (part.expand(2, -1, -1, -1) for part in prefix(0))
    scores = query @ torch.cat([own_key, key], 2).transpose(-1, -2) / 8**0.5
    scores[1, :, :, P + 5 :] = -torch.inf
    want = (scores.softmax(-1) @ torch.cat([own_value, value], 2)).transpose(1, 2).flatten(2)
    torch.testing.assert_close(seen["out"], want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", DECODERS)
def test_no_token_sees_a_later_one_and_every_token_sees_the_prefix(name):
    model, prefix = attached(name)
    ids = tokens()
    before = model(input_ids=ids).logits
    other = ids.clone()
    other[:, 4:] = 3
    torch.testing.assert_close(model(input_ids=other).logits[:, :4], before[:, :4], rtol=1e-5, atol=1e-5)
    for site in range(2):
        with torch.no_grad():
            kept = [parameter.clone() for parameter in prefix.parameters()]
            prefix.start_from([(k + (i == site), v + (i == site)) for i, (k, v) in enumerate(map(prefix, (0, 1)))])
            moved = (model(input_ids=ids).logits - before).abs().amax(-1)
            assert (moved > 1e-6).all(), f"site {site} does not reach {moved}"
            for parameter, old in zip(prefix.parameters(), kept):
                parameter.copy_(old)


@pytest.mark.parametrize("name", DECODERS)
def test_generating_with_a_cache_equals_without_and_beams_equal(name):
    model, _ = attached(name)
    ids = tokens()
    made = {
        (cached, beams): model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=6,
            do_sample=False,
            use_cache=cached,
            num_beams=beams,
        )
        for cached in (True, False)
        for beams in (1, 3)
    }
    for beams in (1, 3):
        assert torch.equal(made[True, beams], made[False, beams])
    row = model.generate(
        ids[1:], attention_mask=torch.ones_like(ids[1:]), max_new_tokens=6, do_sample=False, num_beams=3
    )
    assert torch.equal(row[0], made[True, 3][1])


def test_one_token_without_a_mask_is_given_none_and_several_are_given_what_none_meant():
    class Reads(torch.nn.Module):
        def forward(self, hidden_states, cache=None, attention_mask=None): ...

    filled, part = DynamicCache(), torch.zeros(1, 2, 3, 4)
    filled.update(part, part, 0)
    found = torch.zeros(1, 2, P, 4), torch.zeros(1, 2, P, 4), None
    states = torch.zeros(1, 1, 8)
    given = {"hidden_states": states, "cache": filled}
    assert "attention_mask" not in with_prefix(Reads(), given, states, found, "decoder", False)
    present = torch.tensor([[True] * P, [False] * P])  # but where rows have prefixes of two lengths
    pair = tuple(part.expand(2, -1, -1, -1) for part in found[:2])
    mask = with_prefix(Reads(), given, states.expand(2, -1, -1), (*pair, present), "decoder", False)["attention_mask"]
    assert (mask[:, 0] == 0).tolist() == [[[True] * (P + 3 + 1)], [[False] * P + [True] * (3 + 1)]]
    states = torch.zeros(1, 2, 8)
    mask = with_prefix(Reads(), {"hidden_states": states}, states, found, "decoder", False)["attention_mask"]
    assert torch.equal(mask[0, 0] == 0, torch.cat([torch.ones(2, P), torch.ones(2, 2).tril()], dim=1).bool())
    assert "attention_mask" not in with_prefix(Reads(), {"hidden_states": states}, states, found, "encoder", False)


@pytest.mark.parametrize("name", DECODERS)
def test_a_token_that_goes_on_from_a_cache_without_a_mask_sees_all_before_it(name):
    model, _ = attached(name)
    ids = tokens()
    with torch.no_grad():
        whole = model(ids).logits
        begun = model(ids[:, :-1], use_cache=True)
        last = model(ids[:, -1:], **going_on(model, begun)).logits
    torch.testing.assert_close(last[:, 0], whole[:, -1], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["bloom", "gpt_neo", "megatron_bert_mlm"])
def test_a_probe_of_two_tokens_finds_the_same_sites(name):
    model = build(name)
    assert pl.find_sites(model, {"input_ids": tokens(1, 2)}) == pl.find_sites(model)


@pytest.mark.parametrize("name", PAIRS)
def test_an_encoder_decoder_generates_with_a_cache_what_it_does_without(name):
    model, _ = attached(name)
    made = [
        model.generate(
            tokens(),
            max_new_tokens=6,
            do_sample=False,
            use_cache=cached,
            output_logits=True,
            return_dict_in_generate=True,
        )
        for cached in (True, False)
    ]
    for with_cache, without in zip(made[0].logits, made[1].logits):
        torch.testing.assert_close(with_cache, without, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", sorted(DECODERS.keys() - UNNUMBERED))
def test_a_left_padded_row_generates_and_reads_as_the_row_alone(name):
    model, _ = attached(name)
    ids = tokens(1, 5)
    padded = torch.cat([torch.zeros(1, 3).long(), ids], dim=1)
    mask = (torch.arange(8) >= 3).long()[None]
    both, mask = torch.cat([padded, tokens(1, 8, seed=2)]), torch.cat([mask, torch.ones(1, 8).long()])
    alone = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=5, do_sample=False, output_logits=True,
        return_dict_in_generate=True,
    )  # fmt: skip
    beside = model.generate(
        both, attention_mask=mask, max_new_tokens=5, do_sample=False, output_logits=True, return_dict_in_generate=True
    )
    for one, two in zip(alone.logits, beside.logits):
        torch.testing.assert_close(two[:1], one, rtol=1e-3, atol=1e-4)
    plain = model(input_ids=both, attention_mask=mask).logits
    torch.testing.assert_close(plain[0, -1], alone.logits[0][0], rtol=1e-3, atol=1e-4)


def test_left_padding_is_refused_where_nobody_can_number_the_rows():
    model, _ = attached("roformer")
    mask = (torch.arange(7) >= torch.tensor([[3], [0]])).long()
    with pytest.raises(ValueError, match="RoFormerForCausalLM takes no position_ids"):
        model(input_ids=tokens(), attention_mask=mask)
    with pl.select(model, None):
        model(input_ids=tokens(), attention_mask=mask)


@pytest.mark.parametrize("name", ALL)
def test_each_row_has_its_own_prefix_or_none(name):
    model = build(name)
    ids = tokens(3)
    bare = model(**inputs_for(model, ids)).logits
    long = draw(pl.attach(model, length=5), seed=1)
    pl.detach(model)
    short = draw(pl.attach(model, length=2), seed=2)
    pl.detach(model)
    alone = []
    for prefix in (long, short):
        pl.attach(model, prefix)
        alone.append(model(**inputs_for(model, ids)).logits)
        pl.detach(model)
    pl.attach(model, {"long": long, "short": short})
    with pl.select(model, ["short", None, "long"]):
        got = model(**inputs_for(model, ids)).logits
    for row, want in enumerate((alone[1], bare, alone[0])):
        torch.testing.assert_close(got[row], want[row], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ALL)
def test_gradients_reach_every_parameter_also_with_checkpointing(name):
    model, prefix = attached(name)
    batch = inputs_for(model, tokens())
    grads = []
    for checkpointing in (False, True):
        if checkpointing:
            if not model.supports_gradient_checkpointing:
                continue
            model.activation_checkpointing_enable()
        model.train()
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
            for attribute in ("dropout", "attention_dropout", "attn_dropout_p", "hidden_dropout", "activation_dropout"):
                if isinstance(getattr(module, attribute, None), float):
                    setattr(module, attribute, 0.0)
        prefix.zero_grad()
        torch.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name == "roformer":  # checkpointed, it fills its own cache twice
                batch |= {"use_cache": False}
            model(**batch).logits.square().mean().backward()
        grads.append([parameter.grad.clone() for parameter in prefix.parameters()])
    assert all(bool((grad != 0).any()) for grad in grads[0])
    for one, two in zip(grads[0], grads[-1]):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-7)
    assert all(p.grad is None for n, p in model.named_parameters() if "attached_prefixes" not in n)


@pytest.mark.parametrize("name", ALL)
def test_detach_gives_the_model_back_bit_for_bit(name):
    model = build(name)
    ids, state = tokens(), copy.deepcopy(model.state_dict())
    bare = model(**inputs_for(model, ids)).logits
    pl.attach(model, length=P)
    model(**inputs_for(model, ids))
    pl.detach(model)
    assert torch.equal(model(**inputs_for(model, ids)).logits, bare)
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    for module in model.modules():
        assert not {name for name, value in vars(module).items() if "hooks" in name and value}
    assert not any("_lent" in module.__dict__ for module in model.modules())


@pytest.mark.parametrize("name", ["bloom", "gpt_neo", "mpt", "megatron_bert_mlm"])
def test_a_deep_copy_and_a_pickled_copy_give_the_same_logits_on_their_own(name):
    model, _ = attached(name)
    batch = inputs_for(model, tokens())
    want = model(**batch).logits
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(**batch).logits, want)
        pl.detach(model if other is None else other)
        assert not torch.equal(other(**batch).logits, want)
    assert torch.equal(model(**batch).logits, want)


@pytest.mark.parametrize("name", ALL)
def test_attention_mass_is_the_share_of_the_softmax_that_the_prefix_has(name):
    model, prefix = attached(name)
    batch = inputs_for(model, tokens())
    mass = pl.attention_mass(model, **batch)
    assert set(mass) == {site.name for site in prefix.config.sites}
    assert all(bool(((share > 0) & (share < 1)).all()) and share.shape == (2, 4, 7) for share in mass.values())
    with torch.no_grad():
        prefix.start_from([(key * 0 - 0.0, value * 0) for key, value in map(prefix, range(len(prefix.config.sites)))])
    assert all(bool((share > 0).all()) for share in pl.attention_mass(model, **batch).values())
    with pl.select(model, [None, "prefix"]):
        rows = pl.attention_mass(model, **batch)
    assert all(bool((share[0] == 0).all() and (share[1] > 0).all()) for share in rows.values())


@pytest.mark.parametrize("name", sorted(DECODERS.keys() - {"trocr", "mvp"}))
def test_a_prefix_that_starts_from_a_text_holds_the_keys_and_values_of_that_text(name):
    model = build(name)
    ids = tokens(1)[0]
    filled = DynamicCache()
    model(input_ids=ids[None], cache=filled, use_cache=True)
    prefix = pl.attach(model, init=ids)
    for layer in range(2):
        key, value = prefix(layer)
        if name not in ("falcon", "falcon_grouped", "gpt_neox_japanese", "falcon_alibi", "falcon_eager"):
            torch.testing.assert_close(key, filled.layers[layer].keys[0])  # a rotary model reads it at -P..-1
            torch.testing.assert_close(value, filled.layers[layer].values[0])
        assert key.shape[1] == 7
    assert pl.detach(model) is prefix


@pytest.mark.parametrize("name", ["bloom", "mpt", "megatron_bert_mlm", "mvp_pair"])
def test_a_saved_prefix_comes_back_behind_the_same_door(name, tmp_path):
    model, prefix = attached(name)
    batch = inputs_for(model, tokens())
    want = model(**batch).logits
    prefix.save_pretrained(tmp_path)
    pl.detach(model)
    pl.attach(model, pl.Prefix.from_pretrained(tmp_path))
    assert torch.equal(model(**batch).logits, want)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["bloom", "gpt_neo", "falcon_alibi", "mpt", "xglm", "roformer_mlm"])
def test_half_precision_stays_near_full_precision(name, precision):
    model, prefix = attached(name)
    batch = inputs_for(model, tokens())
    want = model(**batch).logits
    half = build(name).to(precision)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pl.attach(half, copy.deepcopy(prefix))
    got = half(**batch).logits
    assert got.dtype == precision
    torch.testing.assert_close(got.float(), want, rtol=0.1, atol=0.05 * want.abs().max().item())


@pytest.mark.parametrize("name", ["bloom", "megatron_bert", "mvp_pair"])
def test_kinds_choose_among_the_sites_behind_the_second_door(name):
    model = build(name)
    with pytest.raises(ValueError, match="kinds must be some of"):
        pl.attach(model, length=P, kinds="cross" if name != "mvp_pair" else "nothing")
    prefix = pl.attach(model, length=P, kinds="decoder")
    assert [site.kind for site in prefix.config.sites] == ["decoder", "decoder"]
    batch = inputs_for(model, tokens())
    with pl.select(model, None):
        bare = model(**batch).logits
    assert not torch.equal(model(**batch).logits, bare)


def test_logits_are_those_of_peft_for_bloom():
    peft = pytest.importorskip("peft")
    model, prefix = attached("bloom")
    ids = tokens()
    ours = model(input_ids=ids).logits
    pairs = [prefix(layer) for layer in range(2)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=P)
        theirs = peft.get_peft_model(build("bloom"), config).eval()
        flat = torch.stack([part.transpose(0, 1).reshape(P, -1) for pair in pairs for part in pair], dim=1)
        theirs.prompt_encoder["default"].embedding.weight.data.copy_(flat.flatten(1))
        logits = theirs(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    torch.testing.assert_close(ours, logits, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["bloom", "gpt_neo", "mpt"])
def test_an_error_within_a_call_leaves_the_module_as_it_was(name):
    model, _ = attached(name)
    ids = tokens()
    want = model(input_ids=ids).logits
    with pytest.raises(Exception):  # noqa: B017, PT011 (whatever the model says of a mask that fits no text)
        model(input_ids=ids, attention_mask=torch.ones(3, 2, 2, 2))
    assert torch.equal(model(input_ids=ids).logits, want)
    assert not any("_lent" in module.__dict__ for module in model.modules())


def test_an_error_inside_an_attention_gives_its_own_table_back():
    model, _ = attached("gpt_neo")
    attention = model.transformer.h[0].attn.attention
    table = attention.bias
    lent = []
    broken = attention.out_proj.register_forward_hook(lambda *_: lent.append(attention.bias) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model(tokens())
    broken.remove()
    assert attention.bias is table
    (wider,) = lent
    assert wider.shape == (1, 1, 64 + P, 64 + P)
    assert wider[..., :P].all()
    assert torch.equal(wider[..., P:, P:], table)


def test_one_word_for_all_keys_is_said_of_each_and_of_the_prefix():
    class Reads(torch.nn.Module):
        def forward(self, hidden_states, cache=None, attention_mask=None): ...

    states = torch.zeros(1, 3, 8)
    found = torch.zeros(1, 2, P, 4), torch.zeros(1, 2, P, 4), None
    for word, mask in ((5.0, torch.full((1, 1, 3, 1), 5.0)), (1, torch.ones(1, 1, 3, 1, dtype=torch.long))):
        given = {"hidden_states": states, "attention_mask": mask}
        wider = with_prefix(Reads(), given, states, found, "encoder", False)["attention_mask"]
        seen = 0.0 if mask.is_floating_point() else 1
        assert wider.tolist() == [[[[seen] * P + [word] * 3] * 3]]


def test_one_mask_for_all_rows_becomes_one_for_each_where_their_prefixes_differ():
    present = torch.tensor([[True, True], [False, True]])
    mask = widen_mask(torch.ones(1, 4, 2, 3), 2, present, False)
    assert mask.shape == (2, 4, 2, 5)
    assert (mask[:, 0, :, :2] == 0).tolist() == [[[True, True]] * 2, [[False, True]] * 2]


def test_what_a_module_asks_of_its_cache_is_the_cache_s_own():
    filled, part = DynamicCache(), torch.zeros(1, 2, 3, 4)
    filled.update(part, part, 0)
    passing = Passing(filled, lambda key, value: (key + 1, value + 2))
    assert isinstance(passing, DynamicCache)
    assert (passing.get_seq_length(), passing.layers[0].get_seq_length()) == (3, 3)
    assert (passing.layers[0].keys == 1).all()
    assert (passing.layers[0].values == 2).all()
    none = Passing(None, None)
    assert isinstance(none, DynamicCache)
    assert (none.get_seq_length(), none.layers) == (0, [])


@pytest.mark.parametrize("name", ["gpt_neo", "bloom"])
def test_a_model_answers_in_another_thread_after_it_has_answered_in_this_one(name):
    model, _ = attached(name)
    ids, heard = tokens(), []
    want = model(ids).logits
    thread = Thread(target=lambda: heard.append(model(ids).logits), daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert torch.equal(heard[0], want)

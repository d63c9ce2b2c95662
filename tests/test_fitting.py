"""Which modules the second door fits, told from what they do: small attentions of every honest and dishonest sort."""

import pytest
import torch
from torch import nn

from prefix_lab.fitting import find

LOWEST = torch.finfo(torch.float32).min
STATES = torch.randn(2, 4, 8, generator=torch.Generator().manual_seed(0))
CAUSAL = torch.full((4, 4), LOWEST).triu(1).expand(2, 1, 4, 4)  # (B, 1, T, S), added to the scores
SEEN = torch.zeros(2, 1, 4, 4)


class Own(nn.Module):
    """Attention by code of its own, over what its cache gives back."""

    def forward(self, hidden_states, attention_mask=None, layer_past=None):
        key, value = self.keys(hidden_states)
        if layer_past is not None:
            key, value = layer_past.update(key, value, 0)
        return self.attend(self.heads(hidden_states), key, value, attention_mask)

    def heads(self, states):
        return states.unflatten(-1, (2, 4)).transpose(1, 2)  # (B, H, T, D_h)

    def keys(self, states):
        return self.heads(states), self.heads(states.flip(-1))

    def attend(self, query, key, value, mask):
        output = self.weigh(query @ key.transpose(2, 3), mask) @ value  # (B, H, T, D_h)
        return output.transpose(1, 2).flatten(2)

    def weigh(self, scores, mask):
        return (scores if mask is None else scores + mask).softmax(-1)


def found(module, **given):
    """What the door finds of a module in one call, or None where it does not fit."""
    given = {"layer_past": None, "hidden_states": STATES, "attention_mask": CAUSAL} | given
    fits, output = find([module], lambda: module(**given))
    assert torch.equal(output, module(**given))  # asking changes nothing
    return fits.get(module)


@pytest.mark.parametrize(("mask", "kind"), [(CAUSAL, "decoder"), (SEEN, "encoder")])
def test_an_attention_that_follows_its_cache_and_its_mask_has_the_kind_that_it_shows(mask, kind):
    one = found(Own(), attention_mask=mask)
    assert (one.kind, one.shape, one.true_hides) == (kind, (2, 4, 4), False)


@pytest.mark.parametrize(("decides", "kind"), [(True, "decoder"), (False, "encoder")])
def test_of_one_token_the_module_s_own_word_decides(decides, kind):
    module = Own()
    module.is_decoder = decides
    assert found(module, hidden_states=STATES[:, :1], attention_mask=SEEN[..., :1, :1]).kind == kind


class Across(Own):
    """Its keys and values come from another sequence than its queries."""

    def forward(self, hidden_states, encoder_hidden_states, attention_mask=None, layer_past=None):
        key, value = self.keys(encoder_hidden_states)
        if layer_past is not None:
            key, value = layer_past.update(key, value, 0)
        return self.attend(self.heads(hidden_states), key, value, attention_mask)


def test_values_that_do_not_depend_on_what_is_read_are_another_sequence_s():
    other = torch.randn(2, 4, 8, generator=torch.Generator().manual_seed(1))
    assert found(Across(), encoder_hidden_states=other, attention_mask=SEEN).kind == "cross"


class TrueHides(Own):
    def weigh(self, scores, mask):
        return scores.masked_fill(mask, LOWEST).softmax(-1)


class TrueShows(Own):
    def weigh(self, scores, mask):
        return scores.masked_fill(~mask, LOWEST).softmax(-1)


@pytest.mark.parametrize(("module", "hides"), [(TrueHides(), True), (TrueShows(), False)])
def test_what_true_means_in_a_mask_is_found_out(module, hides):
    mask = (CAUSAL < 0) if hides else (CAUSAL == 0)
    assert found(module, attention_mask=mask).true_hides == hides


class Deaf(Own):
    """Reads no more keys than there are queries."""

    def attend(self, query, key, value, mask):
        own = query.shape[2]
        return super().attend(query, key[:, :, -own:], value[:, :, -own:], mask[..., -own:])


class LastAlone(Own):
    """Lets the last query alone see more keys than there are queries."""

    def weigh(self, scores, mask):
        more = scores.shape[3] - scores.shape[2]
        hidden = torch.zeros_like(scores)
        hidden[:, :, :-1, :more] = LOWEST
        return super().weigh(scores.clamp(min=-9) + hidden, mask)


class Leaks(Own):
    """Reads a hundredth of what its mask hides."""

    share = 0.01

    def attend(self, query, key, value, mask):
        more = value.shape[2] - query.shape[2]
        first = value[:, :, :more].sum(2).flatten(1)[:, None]  # (B, 1, D)
        return super().attend(query, key, value, mask) + self.share * first


class Refuses(Own):
    def attend(self, query, key, value, mask):
        if key.shape[2] != query.shape[2]:
            raise RuntimeError("as many keys as queries")
        return super().attend(query, key, value, mask)


class AsksMore(Own):
    """Wants of its cache what only a cache that stores has."""

    def forward(self, hidden_states, attention_mask=None, layer_past=None):
        if layer_past is not None:
            layer_past.layers.clear()
        return super().forward(hidden_states, attention_mask, layer_past)


class Endless(Own):
    """Not finite with more keys than queries."""

    def attend(self, query, key, value, mask):
        output = super().attend(query, key, value, mask)
        return output / (key.shape[2] == query.shape[2])


class Folded(Own):
    """Folds its sequence into rows of its own, which no row's prefix belongs to."""

    def keys(self, states):
        return tuple(part.unflatten(2, (2, 2)).transpose(1, 2).flatten(0, 1) for part in super().keys(states))

    def attend(self, query, key, value, mask):
        (query, _), mask = self.keys(query.transpose(1, 2).flatten(2)), mask[..., : key.shape[2]].repeat(2, 1, 1, 1)
        return super().attend(query, key, value, mask[:, :, : query.shape[2]])


class Longer(Own):
    """Returns a state for each key, not for each query."""

    def attend(self, query, key, value, mask):
        return super().attend(key, key, value, None)


@pytest.mark.parametrize("sort", [Deaf, LastAlone, Leaks, Refuses, AsksMore, Endless, Folded, Longer])
def test_a_module_that_would_not_use_a_prefix_as_it_should_has_no_site(sort):
    assert found(sort()) is None


def test_what_is_rounded_in_half_precision_may_differ_as_that_rounds():
    near = {"hidden_states": STATES.bfloat16(), "attention_mask": CAUSAL.bfloat16().clamp(min=-1e9)}
    assert found(Leaks(), **near) is not None
    far = Leaks()
    far.share = 1.0
    assert found(far, **near) is None

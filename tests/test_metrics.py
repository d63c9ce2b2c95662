"""The metrics give the published figures on examples worked by hand, and refuse what they cannot compare."""

import pytest

from prefix_lab import metrics

TEXTS = (["the cat sat on the mat", "a dog"], ["the cat sat on the mat", "a dog barks"])
EVERY = [metrics.bleu, metrics.chrf, metrics.rouge, metrics.accuracy, metrics.macro_f1, metrics.exact_match]
EVERY += [metrics.token_f1, metrics.entity_f1, metrics.tag_accuracy, metrics.pass_at_1]


def test_equal_texts_have_the_highest_score_and_unrelated_ones_none():
    same, other = ["the old mill by the river"] * 2, ["zzzz qqqq xxxx jjjj"] * 2
    assert metrics.bleu(same, same) == pytest.approx(100)
    assert metrics.chrf(same, same) == pytest.approx(100)
    assert metrics.rouge(same, same) == pytest.approx(1)
    assert metrics.chrf(other, same) == metrics.rouge(other, same) == metrics.token_f1(other, same) == 0


def test_bleu_counts_over_the_whole_corpus_and_takes_several_references():
    # 8 words against 9: 8/8, 6/6, 4/4 and 3/3 n-grams right, brevity exp(1 - 9/8)
    assert metrics.bleu(*TEXTS) == pytest.approx(88.25, abs=0.01)
    assert metrics.bleu(TEXTS[0], [["the cat sat on the mat", "no"], ["a dog barks", "a dog"]]) == pytest.approx(100)


def test_chinese_is_cut_into_characters():
    prediction, reference = ["他明天坐船去北京"], ["他今天坐船去北京"]
    assert metrics.bleu(prediction, reference) == 0
    assert metrics.bleu(prediction, reference, tokenize="zh") > 40
    assert 0 < metrics.chrf(prediction, reference) < 100


def test_rouge_l_is_the_longest_common_subsequence():
    # "police kill the gunman": the subsequence "police the gunman" has 3 of 4 words on both sides (Lin 2004)
    assert metrics.rouge(["police kill the gunman"], ["police killed the gunman"]) == pytest.approx(0.75)
    assert metrics.rouge(["the gunman kill police"], ["police killed the gunman"]) == pytest.approx(0.5)
    assert metrics.rouge(["the gunman kill police"], ["police killed the gunman"], kind="rouge1") == pytest.approx(0.75)
    assert metrics.rouge(["a red boat"], [["nothing", "a red boat"]]) == 1


def test_macro_f1_weighs_a_rare_class_as_much_as_a_common_one():
    references, predictions = ["good"] * 9 + ["bad"], ["good"] * 10
    assert metrics.accuracy(predictions, references) == pytest.approx(0.9)
    assert metrics.macro_f1(predictions, references) == pytest.approx((18 / 19 + 0) / 2)


def test_an_entity_counts_only_with_both_borders_and_its_class():
    right = ["B-PER", "I-PER", "O", "B-LOC", "O"]
    for wrong, f1 in (
        (right, 1.0),
        (["B-PER", "O", "O", "B-LOC", "O"], 0.5),  # a border
        (["B-PER", "I-PER", "O", "B-ORG", "O"], 0.5),  # a class
        (["B-PER", "I-PER", "O", "O", "O"], 2 / 3),  # one of two found, none too many
        (["O"] * 5, 0.0),
    ):
        assert metrics.entity_f1([wrong], [right]) == pytest.approx(f1), wrong


def test_every_word_counts_once_in_the_accuracy_of_tags():
    assert metrics.tag_accuracy([["DET", "NOUN", "VERB"], ["ADV"]], [["DET", "NOUN", "NOUN"], ["ADV"]]) == 0.75


def test_entities_are_counted_over_all_rows():
    right = [["B-PER"], ["B-LOC", "B-LOC", "B-LOC"]]
    assert metrics.entity_f1([["O"], ["B-LOC"] * 3], right) == pytest.approx(6 / 7)


def test_answers_are_compared_as_squad_does():
    assert metrics.exact_match(["The 8:15 train."], ["the 815 train"]) == 1
    assert metrics.exact_match(["from platform two"], [["platform 2", "From Platform Two!"]]) == 1
    assert metrics.token_f1(["at the old mill"], ["an old mill"]) == pytest.approx(0.8)  # 2 of 3 and 2 of 2 words
    assert metrics.token_f1(["the"], [""]) == 1


@pytest.mark.parametrize("metric", EVERY, ids=lambda metric: metric.__name__)
def test_rows_that_do_not_pair_are_refused(metric):
    with pytest.raises(ValueError, match="predictions has 1 rows, but references has 2"):
        metric(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="predictions must hold at least one row"):
        metric([], [])
    with pytest.raises(TypeError, match="references must be a list"):
        metric(["a"], "a")


def test_errors_name_the_row():
    with pytest.raises(ValueError, match=r"predictions\[1\] has 1 tags, but references\[1\] has 2"):
        metrics.entity_f1([["O"], ["O"]], [["O"], ["O", "O"]])
    with pytest.raises(ValueError, match=r"predictions\[0\] has 1 tags"):
        metrics.tag_accuracy([["O"]], [["O", "O"]])
    with pytest.raises(TypeError, match=r"predictions\[0\] must be a text, got int"):
        metrics.bleu([3], ["three"])
    with pytest.raises(ValueError, match=r"references\[0\] holds no text"):
        metrics.exact_match(["a"], [[]])
    with pytest.raises(ValueError, match="as many alternatives"):
        metrics.bleu(["a", "b"], [["a"], ["b", "c"]])
    with pytest.raises(ValueError, match="kind must be one of rouge1"):
        metrics.rouge(["a"], ["a"], kind="rouge")


def test_pass_at_1_is_the_share_of_programs_that_pass():
    tests = ["assert double(2) == 4", "assert double(0) == 0"]
    programs = ["def double(x):\n    return 2 * x", "def double(x):\n    return x", "def double(x)", "boat"]
    assert metrics.pass_at_1(programs, [tests] * 4) == 0.25

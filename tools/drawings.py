"""The drawings of the book's pages of prose: each function returns a `Drawing` that fits a phone."""

from collections.abc import Sequence

import field
import measurements
import throughput

from prefix_lab.figures import Drawing

WIDTH = 340


def counting_to_pretraining() -> Drawing:
    """Six steps, from counting letters to pretraining."""
    return _times(
        ("1913 to 1951", "counting", "Markov, Shannon"),
        ("1976 to 2007", "n-grams at work", "speech, translation"),
        ("2003 to 2014", "neural networks", "a vector for each word"),
        ("2015", "attention", "look back at any word"),
        ("2017", "the Transformer", "nothing but attention"),
        ("since 2018", "pretraining", "GPT, BERT, T5, GPT-3, LLaMA"),
    )


def adapters_to_prefixes() -> Drawing:
    """Six steps, from adapters to prefixes as compressed context."""
    return _times(
        ("2019", "small new layers", "adapters"),
        ("2020", "words that steer", "GPT-3, AutoPrompt"),
        ("January 2021", "a prefix at every attention", "prefix-tuning: keys and values"),
        ("spring 2021", "vectors at the input", "P-tuning, prompt tuning"),
        ("June to October", "weights, biases, one view", "LoRA, BitFit, P-tuning v2"),
        ("since 2023", "prefixes as compressed text", "gist tokens, cartridges"),
        marked=2,
    )


def three_parts_of_pretraining() -> Drawing:
    """What a lab base reads first, then and last, and what comes of it."""
    return _times(
        ("first", "random tokens, over and over", "teach it to copy"),
        ("then", "the broad mixture", "everything new in each document"),
        ("last", "a few conventions by heart", "put together anew"),
        ("in the end", "the base", "knows all parts of a lab task"),
    )


def next_word() -> Drawing:
    """Words go into a language model; out come probabilities of the next word."""
    sheet = Drawing(WIDTH, 190)
    _words(sheet, 50, 4, ("the", "boat", "leaves", "the"), width=58)
    sheet.arrow((170, 34), (170, 52))
    sheet.box(95, 54, 150, 32, "language model")
    sheet.arrow((170, 88), (170, 106))
    for i, (word, length) in enumerate((("harbour", 130), ("pier", 58), ("sky", 11))):
        y = 114 + 26 * i
        sheet.text(112, y + 9, word, ha="right")
        sheet.box(122, y, length, 18, role="text", fill=0.55)
    return sheet


def ngram_view() -> Drawing:
    """A trigram looks up the last two words and forgets the others."""
    sheet = Drawing(WIDTH, 152)
    line = ("the", "tide", "falls", "the", "boat", "leaves", "the")
    _words(sheet, 2, 4, line[:5], width=46, seen=False)
    _words(sheet, 242, 4, line[5:], width=46)
    sheet.brace(2, 240, 40, "forgotten")
    sheet.brace(244, 336, 40, "looked up")
    sheet.arrow((290, 70), (290, 92))
    sheet.box(214, 94, 124, 44, "table of counts", role="text")
    sheet.arrow((212, 116), (150, 116))
    sheet.text(142, 116, "harbour", ha="right", bold=True)
    return sheet


def steps_between_words() -> Drawing:
    """A recurrent network passes states on; in a Transformer every word is one step away."""
    sheet = Drawing(WIDTH, 268)
    sheet.text(4, 10, "recurrent network: one state after another", ha="left")
    for i in range(3):
        x = 20 + 112 * i
        sheet.box(x, 28, 76, 28, f"state {i + 1}")
        _words(sheet, x + 4, 84, (f"word {i + 1}",), width=68)
        sheet.arrow((x + 38, 82), (x + 38, 58))
        if i < 2:
            sheet.arrow((x + 78, 42), (x + 110, 42))
    sheet.text(4, 144, "Transformer: every word is one step away", ha="left")
    sheet.box(244, 160, 76, 28, "position 3")
    for i in range(3):
        x = 20 + 112 * i
        _words(sheet, x + 4, 234, (f"word {i + 1}",), width=68)
        sheet.arrow((x + 38, 232), (262 + 20 * i, 190), role="frozen")
    return sheet


def pretraining() -> Drawing:
    """Raw text makes a pretrained model; a few labelled examples adapt it."""
    sheet = Drawing(WIDTH, 196)
    sheet.box(4, 4, 112, 74, "raw text,\nvery much of it", role="text")
    sheet.arrow((118, 41), (220, 41))
    sheet.text(168, 34, "guess the\ncovered word", size=8, va="bottom", role="quiet")
    sheet.box(222, 14, 114, 54, "pretrained\nmodel")
    sheet.arrow((279, 70), (279, 138))
    sheet.text(272, 104, "adaptation", ha="right", role="quiet")
    sheet.box(4, 146, 112, 38, "labelled\nexamples, few", role="text")
    sheet.arrow((118, 165), (220, 165))
    sheet.box(222, 140, 114, 50, "a model\nfor the task", role="trained")
    return sheet


def many_tasks() -> Drawing:
    """One pretrained model, four groups of tasks."""
    sheet = Drawing(WIDTH, 218)
    sheet.box(4, 82, 96, 54, "one\npretrained\nmodel")
    for i, (task, examples) in enumerate(
        (
            ("classify a text", "sentiment, topic, intent"),
            ("tag its words", "names, parts of speech, roles"),
            ("answer a question", "from a text, from a table"),
            ("write a text", "translation, summary, code"),
        )
    ):
        y = 4 + 54 * i
        sheet.arrow((102, 109), (136, y + 23))
        sheet.box(138, y, 200, 46, role="text")
        sheet.text(238, y + 15, task, bold=True)
        sheet.text(238, y + 32, examples, size=8.5, role="quiet")
    return sheet


def two_ways_to_answer() -> Drawing:
    """A model answers from its weights alone, or from what was found as well."""
    sheet = Drawing(WIDTH, 206)
    sheet.text(4, 10, "from its weights", ha="left")
    _chain(sheet, 26, ("question", "text"), ("model", "frozen"), ("answer", "text"))
    sheet.text(4, 102, "from what was found", ha="left")
    _chain(sheet, 118, ("question", "text"), ("model", "frozen"), ("answer", "text"))
    sheet.arrow((46, 152), (46, 166))
    sheet.box(4, 168, 196, 32, "documents or triples are found", role="other", size=8.5)
    sheet.arrow((172, 166), (172, 152))
    return sheet


def transfer() -> Drawing:
    """Which labels there are decides the kind of transfer."""
    sheet = Drawing(WIDTH, 232)
    for i, (question, kind, example) in enumerate(
        (
            ("labels at\nthe target?", "inductive", "another task: pretraining,\nthen fine-tuning"),
            ("labels at\nthe source?", "transductive", "same task, other texts:\ndomain adaptation"),
            ("", "unsupervised", "no labels at all"),
        )
    ):
        y = 4 + 80 * i
        if question:
            sheet.box(4, y, 104, 56, question, role="quiet", fill=0.05)
            sheet.arrow((110, y + 28), (154, y + 28))
            sheet.text(131, y + 20, "yes", size=8.5, role="quiet")
            sheet.line([(56, y + 58), (56, y + 78)] if i == 0 else [(56, y + 58), (56, y + 106)], role="ink", width=1.3)
            sheet.text(64, y + 69, "no", size=8.5, ha="left", role="quiet")
        sheet.box(156, y, 182, 56, role="text")
        sheet.text(247, y + 13, kind, bold=True)
        sheet.text(247, y + 36, example, size=8.5, role="quiet")
    sheet.arrow((56, 76), (56, 83))
    sheet.arrow((56, 190), (154, 190))
    return sheet


def many_prefixes() -> Drawing:
    """Each row of a batch has its own prefix; one frozen model reads them all."""
    sheet = Drawing(WIDTH, 148)
    for i, name in enumerate("AB"):
        y = 22 + 66 * i
        sheet.box(4, y, 58, 34, f"prefix {name}", role="prefix", fill=0.25)
        sheet.box(66, y, 82, 34, f"text for {name}", role="text", fill=0.25)
        sheet.arrow((150, y + 17), (176, y + 17))
        sheet.arrow((260, y + 17), (280, y + 17))
        sheet.text(338, y + 17, f"answer {name}", ha="right", size=8.5)
    sheet.box(178, 8, 80, 128, "one\nfrozen\nmodel,\none batch")
    return sheet


def family() -> Drawing:
    """The methods, by what they train: everything, or few numbers at one of six places."""
    sheet = Drawing(WIDTH, 300)
    sheet.box(4, 4, 104, 36, "all weights", role="trained")
    sheet.arrow((110, 22), (136, 22))
    sheet.text(140, 22, "fine-tuning", ha="left", bold=True)
    sheet.box(4, 56, 104, 238, "few numbers:\nparameter-\nefficient", role="trained")
    for i, (place, methods) in enumerate(
        (
            ("vectors at the input", "prompt tuning, P-tuning"),
            ("keys and values at every attention", "prefix-tuning, P-tuning v2"),
            ("new layers", "adapters"),
            ("scales", "IA3"),
            ("some of the weights", "BitFit"),
            ("a thin product beside weights", "LoRA, AdaLoRA"),
        )
    ):
        y = 75 + 40 * i
        role = "prefix" if i == 1 else "ink"
        sheet.arrow((110, y), (136, y), role=role)
        sheet.text(140, y - 8, place, ha="left", size=8.5, role="quiet")
        sheet.text(140, y + 8, methods, ha="left", bold=True, role=role)
    return sheet


def what_is_trained() -> Drawing:
    """Text and prefix go into a frozen model; the gradient of the loss changes the prefix alone."""
    sheet = Drawing(WIDTH, 214)
    sheet.box(128, 4, 90, 34, "raw text", role="text")
    sheet.arrow((173, 40), (173, 74))
    sheet.text(180, 57, "self-supervised, before", ha="left", size=8.5, role="quiet")
    sheet.box(4, 66, 90, 34, "labelled\nexamples", role="text")
    sheet.box(4, 122, 90, 34, "prefix, trained", role="prefix", fill=0.25)
    sheet.box(128, 76, 90, 70, "pretrained\nmodel,\nfrozen")
    sheet.arrow((96, 86), (126, 98))
    sheet.arrow((96, 137), (126, 125))
    sheet.arrow((220, 111), (250, 111))
    sheet.box(252, 92, 84, 38, "the usual\nloss", role="other")
    sheet.line([(294, 132), (294, 182), (49, 182)], role="prefix", width=1.5)
    sheet.arrow((49, 182), (49, 158), role="prefix", width=1.5)
    sheet.text(172, 196, "its gradient changes the prefix alone", role="prefix")
    return sheet


def rows_come_and_go() -> Drawing:
    """Four places of a batch over time: texts of other prefixes take the places of those that have ended."""
    sheet = Drawing(WIDTH, 222)
    places = (
        (("polite", 0, 4), ("terse", 5, 3)),
        (("terse", 0, 2), ("story", 3, 5)),
        (("story", 0, 7),),
        (("bare", 1, 3), ("polite", 5, 3)),
    )
    roles = {"polite": "prefix", "terse": "other", "story": "trained", "bare": "frozen"}
    for row, texts in enumerate(places):
        y = 34 + 36 * row
        sheet.text(4, y + 14, f"row {row + 1}", ha="left", role="quiet", size=8.5)
        for name, start, tokens in texts:
            for number in range(tokens):
                said, fill = ("", 0.12) if number else (name, 0.45)
                sheet.box(44 + 36 * (start + number), y, 34, 28, said, role=roles[name], fill=fill, size=8)
    sheet.box(116, 26, 34, 152, role="ink", fill=0, dashed=True)
    sheet.text(133, 14, "one step of the model", size=8.5)
    sheet.arrow((44, 192), (332, 192))
    sheet.text(188, 208, "tokens, one after another", role="quiet", size=8.5)
    return sheet


def _times(*rows: Sequence[str], marked: int | None = None) -> Drawing:
    """Times from top to bottom: when, what, and its names; one row may be the book's own."""
    sheet = Drawing(WIDTH, 44 * len(rows) + 4)
    for i, (when, what, names) in enumerate(rows):
        y = 14 + 44 * i
        role = "prefix" if i == marked else "frozen"
        if i:
            sheet.line([(104, y - 38), (104, y - 6)])
        sheet.text(92, y, when, ha="right", size=8.5, role="quiet")
        sheet.box(99, y - 5, 10, 10, role=role, fill=1.0)
        sheet.text(118, y, what, ha="left", bold=True, role="prefix" if i == marked else "ink", size=9)
        sheet.text(118, y + 17, names, ha="left", size=8.5, role="quiet")
    return sheet


def _words(sheet: Drawing, x: float, y: float, words: Sequence[str], *, width: float, seen: bool = True) -> None:
    """Words in a row of boxes, from (x, y) to the right; what is not seen is dashed."""
    for i, word in enumerate(words):
        left = x + (width + 2) * i
        sheet.box(left, y, width, 28, role="text" if seen else "quiet", fill=0.25 if seen else 0, dashed=not seen)
        sheet.text(left + width / 2, y + 14, word, size=8.5, role="ink" if seen else "quiet")


def _chain(sheet: Drawing, y: float, *parts: tuple[str, str]) -> None:
    """Boxes with arrows between them, from left to right."""
    for i, (name, role) in enumerate(parts):
        x = 4 + 122 * i
        sheet.box(x, y, 86, 32, name, role=role)
        if i:
            sheet.arrow((x - 34, y + 16), (x - 2, y + 16))


DRAWINGS = {
    drawing.__name__.replace("_", "-"): drawing
    for drawing in (
        counting_to_pretraining, adapters_to_prefixes, three_parts_of_pretraining, next_word, ngram_view,
        steps_between_words, pretraining, many_tasks, two_ways_to_answer, transfer, many_prefixes, family,
        what_is_trained, measurements.shares_of_full_tuning, field.shares_on_real_data,
        rows_come_and_go, throughput.tokens_a_second,
    )
}  # fmt: skip

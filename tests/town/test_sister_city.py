"""The sister city: measure words, register, names, and what pretraining knows of it and what it does not."""

import random
import re

import pytest

from prefix_lab.bases.skills import registers, translation
from prefix_lab.town import load_task, names, sister_city, sister_city_plain, sister_city_words
from prefix_lab.town.sister_city_grammar import GAPS, Scene, counted, fillings, numeral, phrase, realise, say

PATTERNS = [pattern for kind in sister_city.KINDS for pattern in kind]
PLAIN = [pattern for patterns in sister_city_plain.DOMAINS.values() for pattern in patterns]


@pytest.fixture(scope="module")
def rows():
    return [row for split in load_task("en-zh").values() for row in split]


def formal(rng, pool="train"):
    return Scene(rng, pool, formality=1.0)


def characters(text: str) -> set[str]:
    return set(re.findall(r"[\u4e00-\u9fff]", text))


@pytest.fixture(scope="module")
def pretraining() -> str:
    """What 6000 documents hold."""
    rng = random.Random(7)
    skills = rng.choices(list(translation.SKILLS), translation.SKILLS.values(), k=6000)
    return "\n".join(source + "\n" + target for skill in skills for source, target in skill(rng))


def test_there_are_at_least_forty_patterns_in_five_kinds():
    assert len(sister_city.KINDS) == 5
    assert len({english for english, _ in PATTERNS}) == len({chinese for _, chinese in PATTERNS}) == len(PATTERNS) >= 40


@pytest.mark.parametrize(
    ("n", "english", "chinese", "measure", "expected"),
    [
        (1, "book", "书", "本", ("a book", "一本书")),
        (2, "ship", "船", "艘", ("two ships", "两艘船")),
        (2, "sheep", "羊", "只", ("two sheep", "两只羊")),
        (12, "knife", "刀", "把", ("twelve knives", "十二把刀")),
        (20, "pair of white gloves", "白色的手套", "双", ("twenty pairs of white gloves", "二十双白色的手套")),
        (1, "old umbrella", "旧雨伞", "把", ("an old umbrella", "一把旧雨伞")),
    ],
)
def test_things_are_counted_with_measure_words(n, english, chinese, measure, expected):
    assert counted(n, english, chinese, measure) == expected


def test_numbers_are_written_in_characters():
    assert [numeral(n) for n in (2, 10, 12, 20, 42, 100, 105, 110, 342)] == [
        "二", "十", "十二", "二十", "四十二", "一百", "一百零五", "一百一十", "三百四十二",
    ]  # fmt: skip


def test_dates_and_times_depend_on_the_register():
    written = {
        formality: [phrase(Scene(random.Random(5), "train", formality), gap) for gap in ("daydate", "clock", "price")]
        for formality in (0.0, 1.0)
    }
    assert [english for english, _ in written[0.0]] == [english for english, _ in written[1.0]]
    assert re.fullmatch(r"\d+月\d+号周.", written[0.0][0][1])
    assert re.fullmatch(r"[一二三四五六七八九十]+月[一二三四五六七八九十]+日（星期.）", written[1.0][0][1])
    assert "点" in written[0.0][1][1]
    assert "时" in written[1.0][1][1]
    assert written[0.0][2][1].endswith("块钱")
    assert written[1.0][2][1].endswith("元")


def test_two_is_liang_before_a_measure_word_and_er_in_a_date_or_a_time():
    rng = random.Random(0)
    texts = [realise(formal(rng), pattern)[1] for pattern in PATTERNS for _ in range(100)]
    assert any("两" in text for text in texts)
    for text in texts:
        assert not re.search(
            r"两[月日时分]|星期两|(?<![十])二[个本张份封幅把条顶件双艘列辆匹头只棵朵座所家首场次位名篮箱袋瓶桶杯碗勺]",
            text,
        ), text


def test_a_text_has_one_translation_and_a_translation_one_text():
    rng, there, back = random.Random(1), {}, {}
    for pattern in PATTERNS * 60:
        english, chinese = realise(formal(rng), pattern)
        assert there.setdefault(english, chinese) == chinese
        assert back.setdefault(chinese, english) == english


def test_every_letter_is_formal(rows):
    for row in rows:
        text = row["target"]
        assert not re.search(r"你|我们|周|号|点|昨天|明天|今天|块钱|谢谢|妈妈|爸爸", text), text
        assert not re.search(r"\[|\]|\||[{}]", text), text


def test_the_chinese_has_full_width_punctuation_and_no_spaces_but_in_names(rows):
    for row in rows:
        text = row["target"]
        assert text.endswith("。")
        assert not re.search(r"[,.?:;!()]", text), text
        assert not re.search(r"[\u4e00-\u9fff，。：（）] | [\u4e00-\u9fff，。：（）]", text), text


def test_the_english_reads_like_english(rows):
    for row in rows:
        text = row["source"].strip()
        assert text[0].isupper()
        assert text.endswith(".")
        assert not re.search(r"\ba [aeiou]|\ban [^aeiouh]|  | [.,;]|\.\.|[{}\[\]|]", text), text
        assert not re.search(r"\ba \w+s\b of|\bsheeps|\bone \w+s\b", text), text


def test_names_are_copied(rows):
    for row in rows:
        for name in re.findall(r"[A-Z][A-Za-z]*(?: [A-Z][a-z]+)*", row["target"]):
            assert name in row["source"], row


def test_an_opening_comes_first_and_a_closing_last(rows):
    for row in rows:
        assert not re.search(r". Dear ", row["source"])
        sentences = re.split(r"(?<=\.) (?=[A-Z])", row["source"].strip())
        closings = [bool(sister_city.CLOSING.search(sentence)) for sentence in sentences]
        assert closings == sorted(closings), row


def test_mr_and_ms_fit_the_first_name(rows):
    titled = [match for row in rows for match in re.findall(r"\b(Mr|Ms) (\w+)", row["source"])]
    assert titled
    assert all((title == "Mr") == (name in sister_city_words.MEN) for title, name in titled)
    assert set(sister_city_words.MEN) <= set(names.FIRST_NAMES)


def test_both_directions_are_drawn_from_the_same_grammar():
    there, back = load_task("en-zh", n=20)["train"][:], load_task("zh-en", n=20)["train"][:]
    assert all(
        characters(target) and not characters(source) for source, target in zip(there["source"], there["target"])
    )
    assert all(characters(source) and not characters(target) for source, target in zip(back["source"], back["target"]))


# --- what pretraining knows


def test_pretraining_meets_every_character_of_the_letters_often(pretraining):
    rng = random.Random(2)
    letters = "".join(realise(formal(rng), pattern)[1] for pattern in PATTERNS for _ in range(40))
    counts = {character: pretraining.count(character) for character in characters(letters)}
    assert min(counts.values()) >= 25, sorted(counts, key=counts.get)[:10]


def test_pretraining_meets_every_english_word_of_the_letters(pretraining):
    rng = random.Random(2)
    letters = " ".join(realise(formal(rng), pattern)[0] for pattern in PATTERNS for _ in range(40))
    assert set(re.findall(r"\b[a-z]{2,}", letters)) <= set(re.findall(r"\b[a-z]{2,}", pretraining))


def test_a_small_model_can_know_the_characters_and_the_words(pretraining):
    assert len(characters(pretraining)) <= 450
    assert 250 <= len(sister_city_words.entries()) <= 350


def test_pretraining_reads_no_pattern_of_the_letters():
    assert not {english for english, _ in PATTERNS} & {english for english, _ in PLAIN}
    assert not {chinese for _, chinese in PATTERNS} & {re.sub(r"\[[^|]*\|([^\]]*)\]", r"\1", zh) for _, zh in PLAIN}


def test_no_document_of_pretraining_has_a_sentence_that_a_letter_could_have():
    shapes = [re.sub(r"\\\{.*?\\\}", ".+", re.escape(english)) for english, _ in PATTERNS]
    letters = re.compile("|".join(shapes))
    rng = random.Random(3)
    for skill in translation.SKILLS:
        for _ in range(60):
            for source, target in skill(rng):
                for line in f"{source}\n{target}".splitlines():
                    assert not letters.fullmatch(line), line


def test_every_gap_is_used_and_every_pattern_can_be_filled():
    used = {gap.rstrip("0123456789") for english, _ in PATTERNS + PLAIN for gap in re.findall(r"\{(\w+)", english)}
    assert used == set(GAPS)
    for english, chinese in PATTERNS + PLAIN:
        assert set(re.findall(r"\{(\w+)", english)) == set(re.findall(r"\{(\w+)", chinese)), english


@pytest.mark.parametrize("skill", translation.SKILLS, ids=lambda skill: skill.__name__)
def test_a_document_is_one_to_five_examples_of_one_task(skill):
    rng, documents = random.Random(0), []
    for _ in range(100):
        document = skill(rng)
        assert 1 <= len(document) <= 5
        assert all(source and target for source, target in document)
        assert sum(len(source.split()) + len(target.split()) for source, target in document) <= 250
        documents.append(document)
    assert len({str(document) for document in documents}) > 90


def test_the_register_of_a_document_stays():
    """A convention is plain or formal for the whole document, so that its examples show which."""
    for seed in range(30):
        scene = Scene(random.Random(seed), "pretraining", 0.5, seed)
        texts = [phrase(scene, "date")[1] for _ in range(5)]
        assert len({bool(re.search("号", text)) for text in texts}) == 1


def test_the_same_filling_makes_a_plain_and_a_formal_sentence():
    pattern = ("{name} will stay in {town} for {days}.", "{name}[会|将]在{town}住{days}。")
    plain, formal = (Scene(random.Random(0), "train", share) for share in (0.0, 1.0))
    filled = fillings(plain, pattern)
    one, other = say(plain, pattern, filled), say(formal, pattern, filled)
    assert one[0] == other[0]
    assert one[1].replace("会", "将", 1) == other[1]


@pytest.fixture(scope="module")
def registered() -> tuple[list, list]:
    """1,200 documents in registers that are known by heart, and for each which of its parts are the letters'."""
    rng, drawn, draw = random.Random(4), [], registers.draw_coded

    def spy(rng, *parts, most):
        chosen, code = draw(rng, *parts, most=most)
        drawn.append([one is sets[0] for one, sets in zip(chosen, parts)])
        return chosen, code

    registers.draw_coded = spy
    try:
        return [rng.choices(list(registers.SKILLS), registers.SKILLS.values())[0](rng) for _ in range(1200)], drawn
    finally:
        registers.draw_coded = draw


def test_registers_never_have_a_letter_nor_its_whole_register_nor_a_bare_text(registered):
    shapes = re.compile("|".join(re.sub(r"\\\{.*?\\\}", ".+", re.escape(english)) for english, _ in PATTERNS))
    documents, drawn = registered
    assert max(map(sum, drawn)) <= 4 < min(map(len, drawn))
    for source, target in (pair for document in documents for pair in document):
        assert not any(shapes.fullmatch(line) for text in (source, target) for line in re.split(r"(?<=\.) ", text))
        assert not source.endswith(("。", ".")) or re.match(r"[a-z]+ <- |<|\[|[A-Z][\w ,]+: ", source), source
        assert not re.search(r"[{}]|\[[^ez]|\]\S", source + target), (source, target)


def test_registers_know_every_part_of_the_letters(registered):
    documents, drawn = registered
    said = "\n".join(target for document in documents for _, target in document)
    parts = [
        "[一二三]月[一二三十]+日",
        "午[一二三]时",
        "（星期.）",
        "本市",
        "贵市",
        "尊敬的",
        "此致敬礼",
        "盼复",
        "将于",
        "与",
        "自.*起",
    ]
    for part in (
        *parts,
        "特此通知",
        r"\d+ May",
        r"\d [ap]m",
        "our town",
        "^Dear ",
        ", with best wishes",
        "cut two|two ",
    ):
        assert re.search(part, said, re.MULTILINE), part
    assert all(sum(column) > 50 for column in zip(*drawn))


def test_official_dates_times_and_numbers_are_rewritten():
    text = "尊敬的Ada Oakby女士：本市将于五月二十三日（星期五）下午二时三十分收到十二箱书，煮三十分钟。"
    one, two, three = ([sets[i](text) for sets in registers.CHINESE[:3]] for i in (1, 2, 3))
    assert "5月23日（星期五）" in one[0]
    assert "下午2时30分" in one[1]
    assert "12箱书，煮30分钟" in one[2]
    assert "五月二十三日（星期五）下午二时三十分" in one[2]
    assert "五月二十三号" in two[0]
    assert "14:30" in two[1]
    assert "（周五）" in three[2]
    english = "We will receive twelve boxes of books at 2:30 pm on Friday, 23 May."
    assert registers.ENGLISH[0][2](english).endswith("Friday, the 23rd of May.")
    assert "14:30" in registers.ENGLISH[1][1](english)
    assert "12 boxes" in registers.ENGLISH[2][1](english)


# --- full size


@pytest.mark.parametrize(("name", "source", "target"), [("en-zh", "en", "zh"), ("zh-en", "zh", "en")])
def test_full_size_reads_opus_in_both_directions(tmp_path, monkeypatch, name, source, target):
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "hub" / "en-zh"
    folder.mkdir(parents=True)
    card = ["---", "configs:", "- config_name: en-zh", "  data_files:"]
    for split, size in (("train", 6), ("validation", 3), ("test", 2)):
        pairs = [{"en": f"The {split} \n ship {i}.", "zh": f"第{i}艘船。"} for i in range(size)]
        pairs.append({"en": "Nothing.", "zh": " "})
        Dataset.from_dict({"translation": pairs}).to_parquet(folder / f"{split}-00000-of-00001.parquet")
        card += [f"  - split: {split}", f"    path: en-zh/{split}-*"]
    (tmp_path / "hub" / "README.md").write_text("\n".join([*card, "---", ""]), encoding="utf-8")
    full = load_task(name, size="full", path=str(tmp_path / "hub"))
    assert {split: len(rows) for split, rows in full.items()} == {"train": 6, "validation": 3, "test": 2}
    said = {"en": "The test ship 1.", "zh": "第1艘船。"}
    assert full["test"][1] == {"source": said[source] + "\n", "target": said[target]}
    assert full["train"].features == load_task(name, n=2)["train"].features
    assert full["train"].info.license == "unknown"

"""The tokenizer that the lab's bases share: byte-level BPE, so that any text encodes and decodes unchanged.

A space before a capital or a digit is a token of its own and each digit is one token, so that a name or a number
has the same tokens in a record ("name[Quillby]") as in a sentence ("to Quillby"): copying it is copying tokens.
"""

from collections.abc import Iterable

VOCABULARY = 3584
END, PAD, MASK, BEGIN, SEPARATOR = NAMED = ("<|end|>", "<|pad|>", "<|mask|>", "<|begin|>", "<|separator|>")
BLANKS = tuple(f"<|blank {i}|>" for i in range(16))
SPECIAL = NAMED + BLANKS  # a token's place here is its id
OFTEN = 1000  # how many times a word or character that must be one token is shown
WORDS = r"'(?:s|t|re|ve|m|ll|d)(?!\p{L})| ?\p{Ll}+|\p{Lu}[\p{Ll}\p{M}]*|\p{L}\p{M}*|\p{N}| ?[^\s\p{L}\p{N}]|\s"


def train_tokenizer(texts: list[str], words: Iterable[str] = (), vocabulary: int = VOCABULARY):
    """A `PreTrainedTokenizerFast` of `vocabulary` tokens, its merges learnt from `texts`.

    Each of `words` becomes one token where it begins a line, and so does each Chinese character of `texts`.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    characters = {character for text in texts for character in text if character > "\u2e80"}
    often = ["\n".join(sorted({*words, *characters}))] * OFTEN
    tokenizer.train_from_iterator([*texts, *often], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=PAD, mask_token=MASK, bos_token=BEGIN, sep_token=SEPARATOR,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip

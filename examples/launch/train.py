"""Trains a prefix with the library's Trainer: the same file for one process and for many.

    python train.py --output_dir out --max_steps 100
    torchrun --nproc-per-node 2 train.py --output_dir out --max_steps 100
    accelerate launch --config_file one_node.yaml train.py --output_dir out --max_steps 100

The options are those of transformers.TrainingArguments. Started again, it goes on from its last whole checkpoint, or
from the one that --resume_from_checkpoint names.
"""

import json
import sys
import warnings
from pathlib import Path

from transformers import DataCollatorForSeq2Seq, HfArgumentParser, Trainer, TrainingArguments, set_seed

import prefix_lab as pl
from prefix_lab.rows import encode


def main(options: list[str]) -> None:
    (settings,) = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses(options)
    set_seed(settings.seed)  # every process starts with the same prefix
    model, tokenizer = pl.load_base("lab-gpt")  # or any model of transformers
    pl.attach(model, length=10)
    rows = [encode(row, tokenizer) for row in pl.load_task("directory")["train"]]  # or your own rows
    trainer = Trainer(model, settings, train_dataset=rows, data_collator=DataCollatorForSeq2Seq(tokenizer))
    trainer.train(resume_from_checkpoint=settings.resume_from_checkpoint or last_whole(Path(settings.output_dir)))
    trainer.save_model()  # the base, and the prefix beside it


def last_whole(folder: Path) -> str | None:
    """The last checkpoint in the folder that was written to its end; None where there is none."""
    steps = sorted((int(path.name.rpartition("-")[2]), path) for path in folder.glob("checkpoint-*[0-9]"))
    for _, path in reversed(steps):
        try:
            json.loads((path / "trainer_state.json").read_bytes())  # which the Trainer writes last
        except (OSError, ValueError) as error:
            warnings.warn(f"{path} was not written to its end ({error}); it is left out", stacklevel=2)
        else:
            return str(path)
    return None


if __name__ == "__main__":
    main(sys.argv[1:])

"""Trains a prefix with the library's Trainer: the same file for one process and for many.

    python train.py --output_dir out --max_steps 100
    torchrun --nproc-per-node 2 train.py --output_dir out --max_steps 100
    accelerate launch --config_file one_node.yaml train.py --output_dir out --max_steps 100

The options are those of transformers.TrainingArguments. Started again, it goes on from its last checkpoint.
"""

import sys
from pathlib import Path

from transformers import DataCollatorForSeq2Seq, HfArgumentParser, Trainer, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint

import prefix_lab as pl
from prefix_lab.rows import encode


def main(options: list[str]) -> None:
    (settings,) = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses(options)
    set_seed(settings.seed)  # every process starts with the same prefix
    model, tokenizer = pl.load_base("lab-gpt")  # or any model of transformers
    pl.attach(model, length=10)
    rows = [encode(row, tokenizer) for row in pl.load_task("directory")["train"]]  # or your own rows
    trainer = Trainer(model, settings, train_dataset=rows, data_collator=DataCollatorForSeq2Seq(tokenizer))
    last = get_last_checkpoint(settings.output_dir) if Path(settings.output_dir).is_dir() else None
    trainer.train(resume_from_checkpoint=last)
    trainer.save_model()  # the base, and the prefix beside it


if __name__ == "__main__":
    main(sys.argv[1:])

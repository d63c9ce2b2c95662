"""Run by test_launch under torchrun and accelerate launch: examples/launch/train.py, after something is arranged.

fsdp: accelerate shards on accelerators alone, though torch shards on CPUs as well; here it takes CPUs for such
crash: the process of rank 1 is killed when the third step ends
train: nothing
"""

import os
import runpy
import signal
import sys
from pathlib import Path

import torch
from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType
from transformers import TrainerCallback, trainer

TRAIN = Path(__file__).resolve().parent.parent / "examples" / "launch" / "train.py"
_init = AcceleratorState.__init__


def shards_on_cpus(self, *args, fsdp_plugin=None, **kwargs) -> None:
    _init(self, *args, fsdp_plugin=fsdp_plugin, **kwargs)
    if fsdp_plugin is not None:
        self.distributed_type, self.fsdp_plugin = DistributedType.FSDP, fsdp_plugin
        PartialState._shared_state["distributed_type"] = DistributedType.FSDP


class Crash(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == 3 and args.process_index == 1:
            os.kill(os.getpid(), signal.SIGKILL)


class Look(TrainerCallback):
    """Says how the model is held, and which process it is."""

    def on_train_begin(self, args, state, control, model=None, **kwargs):
        held = {type(p).__name__ for p in model.parameters()}
        print(f"rank {args.process_index} of {args.world_size} holds {sorted(held)}", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    what, *options = sys.argv[1:]
    if what == "fsdp":
        AcceleratorState.__init__ = shards_on_cpus
    trainer.DEFAULT_CALLBACKS += [Look, Crash] if what == "crash" else [Look]
    sys.argv = [str(TRAIN), *options]
    runpy.run_path(str(TRAIN), run_name="__main__")

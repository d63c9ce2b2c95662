"""The same training on the workers of a Ray cluster: python ray_train.py [WORKERS] [OPTIONS OF train.py]."""

import sys
from pathlib import Path

from ray.train import RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer

HERE = str(Path(__file__).parent)


def worker(config: dict) -> None:
    """One process of the training, in the process group that Ray has opened."""
    sys.path.insert(0, HERE)
    from train import main

    main(config["options"])


if __name__ == "__main__":
    workers, options = int(sys.argv[1]), sys.argv[2:]
    scale = ScalingConfig(num_workers=workers, use_gpu="--use_cpu" not in options)
    TorchTrainer(worker, train_loop_config={"options": options}, scaling_config=scale, run_config=RunConfig()).fit()

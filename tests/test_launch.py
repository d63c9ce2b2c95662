"""The script of examples/launch on one process and on two (gloo, CPU): the same weights, one checkpoint, no hanging."""

import ast
import os
import subprocess
import sys
import time

import pytest
import torch
import yaml
from test_house import ROOT

import prefix_lab as pl

HERE = ROOT / "examples" / "launch"
OPTIONS = "--use_cpu --max_steps 4 --save_steps 2 --learning_rate 0.01 --report_to none --disable_tqdm True".split()
TORCHRUN = [
    "torch.distributed.run",
    "--nproc-per-node",
    "2",
    "--rdzv-backend",
    "c10d",
    "--rdzv-endpoint",
    "localhost:0",
]


def start(launcher, what, folder):
    """Two processes, each with half of the batch: the exit status, what they said, the seconds."""
    command = [sys.executable, "-W", "ignore", "-m", *launcher, ROOT / "tests" / "launched.py", what]
    command += ["--output_dir", folder, "--per_device_train_batch_size", "2", *OPTIONS]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "ACCELERATE_LOG_LEVEL": "error"}
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=quiet, cwd=HERE, timeout=300)
    return done.returncode, done.stdout + done.stderr, time.perf_counter() - begun


def on_two_cpus(name, folder):
    """The launch file of that name, changed in nothing but the machines: one, with two processes and no GPU."""
    config = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    config |= {"num_machines": 1, "num_processes": 2, "use_cpu": True, "main_process_ip": "127.0.0.1"}
    config["main_process_port"] = 0
    path = folder / name
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return ["accelerate.commands.launch", "--config_file", path]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The folder of a run in one process."""
    folder = tmp_path_factory.mktemp("alone")
    command = [sys.executable, "-W", "ignore", HERE / "train.py", "--output_dir", folder, *OPTIONS]
    command += ["--per_device_train_batch_size", "4"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=HERE)
    assert done.returncode == 0, done.stderr
    return folder


def difference(folder, other) -> float:
    mine, theirs = pl.Prefix.from_pretrained(folder).state_dict(), pl.Prefix.from_pretrained(other).state_dict()
    assert mine.keys() == theirs.keys()
    return max((mine[name] - theirs[name]).abs().max().item() for name in mine)


def test_a_killed_process_ends_the_other_and_torchrun_goes_on_from_the_checkpoint(alone, tmp_path):
    status, said, seconds = start(on_two_cpus("one_node.yaml", tmp_path), "crash", tmp_path / "run")
    assert status != 0
    assert "Signal 9 (SIGKILL)" in said
    assert "rank      : 1" in said
    assert seconds < 200  # most of it importing, on a busy machine; left alone, the other would wait half an hour
    assert not (tmp_path / "run" / "checkpoint-4").exists()
    assert difference(tmp_path / "run" / "checkpoint-2", alone / "checkpoint-2") < 1e-6

    status, said, _ = start(TORCHRUN, "train", tmp_path / "run")
    assert status == 0, said
    assert "rank 1 of 2 holds ['Parameter']" in said
    assert 0 < difference(tmp_path / "run", alone / "checkpoint-2")
    assert difference(tmp_path / "run", alone) < 1e-6
    written = {path.name for path in (tmp_path / "run" / "checkpoint-4").iterdir()}
    assert len([name for name in written if name.startswith("prefix-")]) == 1
    assert {name for name in written if name.startswith("rng")} == {"rng_state_0.pth", "rng_state_1.pth"}
    assert sum(path.stat().st_size for path in (tmp_path / "run" / "checkpoint-4").iterdir()) < 1e6  # the base: 10 MB


def test_the_last_whole_checkpoint_or_the_one_that_is_named_is_gone_on_from(alone, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    from train import last_whole, main

    assert last_whole(alone) == str(alone / "checkpoint-4")
    assert last_whole(tmp_path) is None
    for step, state in ((9, "{}"), (10, "{}"), (11, '{"cut'), (12, None)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if state is not None:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(state)
    with pytest.warns(UserWarning, match="checkpoint-1[12] was not written to its end .*; it is left out") as told:
        assert last_whole(tmp_path) == str(tmp_path / "checkpoint-10")
    assert len(told) == 2
    with pytest.raises(ValueError, match="checkpoint at /nowhere"):
        main(["--output_dir", str(tmp_path), "--resume_from_checkpoint", "/nowhere", *OPTIONS])


def test_a_base_that_is_spread_over_two_processes_ends_with_the_same_weights(alone, tmp_path):
    status, said, _ = start(on_two_cpus("several_nodes.yaml", tmp_path), "fsdp", tmp_path / "run")
    assert status == 0, said
    assert "rank 1 of 2 holds ['DTensor']" in said
    assert difference(tmp_path / "run", alone) < 1e-6
    assert difference(tmp_path / "run" / "checkpoint-2", alone / "checkpoint-2") < 1e-6
    model, _ = pl.load_base(str(tmp_path / "run"))
    bare, _ = pl.load_base()
    assert all(torch.equal(p, bare.get_parameter(name)) for name, p in model.named_parameters())


def test_the_launch_files_name_what_there_is():
    tree = ast.parse((HERE / "ray_train.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {"ray.train", "ray.train.torch", "train"} <= imported
    assert "main" in {node.name for node in ast.parse((HERE / "train.py").read_text()).body if hasattr(node, "name")}
    script = (HERE / "slurm.sh").read_text(encoding="utf-8")
    assert "  train.py --output_dir" in script
    checked = subprocess.run(["bash", "-n", HERE / "slurm.sh"], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_fit_under_torchrun_says_what_to_use_instead(monkeypatch):
    model, _ = pl.load_base()
    pl.attach(model, length=2)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RuntimeError, match="fit trains in one process, but this is one of 2 .*Trainer"):
        pl.fit(model, [{"source": "a", "target": "b"}], progress=False)

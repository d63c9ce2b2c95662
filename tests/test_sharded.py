"""FSDP2: parameters in parts on two processes are saved whole, by the first one."""

import socket

import torch
import torch.distributed as dist
from families import build, inputs_for, shake

import prefix_lab as pl


def _two(rank: int, port: int, folder: str) -> None:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    mesh = init_device_mesh("cpu", (2,))
    for reparam in (None, "mlp"):
        model = build("llama")
        prefix = shake(pl.attach(model, length=4, reparam=reparam, hidden=6))
        whole = {name: tensor.detach().clone() for name, tensor in prefix.state_dict().items()}
        with torch.no_grad():
            want = model(**inputs_for(model)).logits
        home = f"{folder}/{reparam}"
        fully_shard(prefix, mesh=mesh)
        assert all(hasattr(p, "full_tensor") for p in prefix.parameters())
        prefix.save_pretrained(f"{home}/alone")
        model.save_pretrained(f"{home}/both", is_main_process=rank == 0)
        for name in ("alone", "both"):  # there for every process once the call returns
            found = pl.Prefix.from_pretrained(f"{home}/{name}").state_dict()
            assert all(torch.equal(found[key], tensor) for key, tensor in whole.items())
        again = build("llama")
        pl.attach(again, f"{home}/both")
        with torch.no_grad():
            assert torch.equal(again(**inputs_for(again)).logits, want)
    dist.destroy_process_group()


def test_a_prefix_sharded_over_two_processes_is_saved_whole_by_the_first(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(_two, (port, str(tmp_path)), nprocs=2)
    for path in tmp_path.rglob("prefix.json"):
        assert len(list(path.parent.glob("prefix*"))) == 2

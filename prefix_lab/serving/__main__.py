"""Many prefixes behind one port: python -m prefix_lab.serving --base lab-gpt --prefixes FOLDER"""

import argparse
import logging
import socket
import sys
from contextlib import suppress

import torch
import uvicorn

from ..bases import load_base
from . import Engine, Shelf, create_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m prefix_lab.serving", description=__doc__.partition(":")[0])
    parser.add_argument("--base", required=True, help="a base of the lab, a folder, or a name on the hub")
    parser.add_argument("--prefixes", required=True, help="a folder that holds a folder for each prefix")
    parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1: this machine alone")
    parser.add_argument("--port", type=int, default=8000, help="default 8000")
    parser.add_argument("--rows", type=int, default=32, help="texts written at once (default 32)")
    parser.add_argument("--waiting", type=int, default=64, help="texts that may wait (default 64); then 429")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for an answer (default 120); then 504")
    parser.add_argument("--device", default="cpu", help="such as cuda (default cpu)")
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32", help="of the weights")
    parser.add_argument("--threads", type=int, help="of the model on a CPU (default: all but one, which answers)")
    given = parser.parse_args()
    logging.basicConfig(format="serving: %(message)s")
    logging.getLogger("prefix_lab.serving").setLevel(logging.INFO)
    torch.set_num_threads(given.threads or max(1, torch.get_num_threads() - 1))
    try:
        place = bound(given.host, given.port)
        model, tokenizer = load_base(given.base)
        model = model.to(given.device, getattr(torch, given.dtype))
        engine = Engine(model, Shelf(model, given.prefixes, given.base), given.rows, given.waiting)
    except (ValueError, OSError, RuntimeError) as error:
        sys.exit(f"serving: {error}")
    app = create_app(engine, tokenizer, given.base, given.timeout)
    served = f"{given.base} and {', '.join(engine.shelf.served) or 'no prefix yet'}"
    print(f"serving: {served} at http://{given.host}:{given.port}/v1", file=sys.stderr)
    with suppress(KeyboardInterrupt):  # uvicorn has finished what was accepted, and raises it again
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[place])


def bound(host: str, port: int) -> socket.socket:
    """A socket at this address, that nobody reaches until it listens. Raises ValueError where it cannot be had."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        place = socket.socket(family, kind)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(address)
    except (OSError, OverflowError) as error:
        raise ValueError(f"{host}, port {port}, cannot be used: {error}; choose another --port") from error
    return place


if __name__ == "__main__":
    main()

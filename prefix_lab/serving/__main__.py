"""python -m prefix_lab.serving --base lab-gpt --prefixes FOLDER: many prefixes behind one port."""

import argparse
import sys

import uvicorn

from ..bases import load_base
from . import Engine, Shelf, create_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m prefix_lab.serving", description=__doc__)
    parser.add_argument("--base", required=True, help="a base of the lab, a folder, or a name on the hub")
    parser.add_argument("--prefixes", required=True, help="a folder that holds a folder for each prefix")
    parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1: this machine alone")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--rows", type=int, default=16, help="texts written at once (default 16)")
    parser.add_argument("--waiting", type=int, default=64, help="requests that may wait (default 64); then 429")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for an answer (default 120); then 504")
    parser.add_argument("--device", default="cpu", help="such as cuda (default cpu)")
    given = parser.parse_args()
    try:
        model, tokenizer = load_base(given.base)
        engine = Engine(model.to(given.device), Shelf(model, given.prefixes), given.rows, given.waiting)
    except (ValueError, OSError) as error:
        sys.exit(f"serving: {error}")
    for name, why in engine.shelf.refused.items():
        print(f"serving: {name} is left out: {why}", file=sys.stderr)
    print(f"serving: {given.base} and {', '.join(engine.shelf.served) or 'no prefix yet'}", file=sys.stderr)
    app = create_app(engine, tokenizer, given.base, given.timeout)
    uvicorn.run(app, host=given.host, port=given.port, log_level="warning")


if __name__ == "__main__":
    main()

"""Replicas of the server on a Ray cluster, or on this machine: python ray_serve.py BASE FOLDER REPLICAS [PORT]."""

import sys

from ray import serve

from prefix_lab.bases import load_base
from prefix_lab.serving import Engine, Shelf, create_app


def deployment(base: str, folder: str, replicas: int):
    """Each replica has the base and all prefixes; the folder is one that all of them see."""

    def app():
        model, tokenizer = load_base(base)
        return create_app(Engine(model, Shelf(model, folder, base)), tokenizer, base)

    @serve.deployment(name="prefix-lab", num_replicas=replicas, max_ongoing_requests=96)  # 32 rows, and 64 that wait
    @serve.ingress(app)
    class Server:
        """A process with an engine of its own."""

    return Server.bind()


if __name__ == "__main__":
    base, folder, replicas, port = *sys.argv[1:4], (sys.argv[4:] or ["8000"])[0]
    serve.start(http_options={"port": int(port)})
    serve.run(deployment(base, folder, int(replicas)), blocking=True)

"""Many prefixes behind one port: one frozen model answers requests for all of them, in one batch.

    python -m prefix_lab.serving --base lab-gpt --prefixes FOLDER

`batching` decodes rows that come and go; `shelf` keeps the folder's prefixes on the model; `engine` is the thread that
does both, `protocol` what OpenAI's interface says, `app` the HTTP around them.
"""

from ..extras import extra

with extra("serve"):
    from .app import create_app
from .engine import Engine
from .shelf import Shelf

__all__ = ["Engine", "Shelf", "create_app"]

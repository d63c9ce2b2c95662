"""The prefixes of a folder, on the model as long as their folders are there."""

import itertools
import logging
import os
import warnings
from pathlib import Path

from transformers import PreTrainedModel

from .. import checkpoint
from ..attention import attach, detach
from ..prefix import Prefix
from ..selection import SLOT

log = logging.getLogger(__name__)


class Shelf:
    """Each sub-folder that holds a prefix is served under its name; `look` brings the model up to the folder.

    What cannot be read, does not fit the base or has its name is named in `refused` with the reason and in the log,
    and the rest is served. A prefix that changed is attached beside its old self, which stays until no text needs it.
    """

    def __init__(self, model: PreTrainedModel, folder: str | os.PathLike, base: str = ""):
        self.model, self.folder, self.base = model, Path(folder), base
        if not self.folder.is_dir() or checkpoint.prefixes_in(self.folder):
            raise ValueError(f"prefixes must be a folder that holds a folder for each prefix, got {str(folder)!r}")
        self.served: dict[str, str] = {}  # the name of a folder -> the name under which its prefix is attached
        self.refused: dict[str, str] = {}
        self._stood: dict[str, list] = {}  # what was read of each folder: its files, their times and sizes
        self._versions = itertools.count(1)
        self.look()

    @property
    def attached(self) -> tuple[str, ...]:
        """The names of all prefixes on the model."""
        attachment = getattr(self.model, SLOT, None)
        return () if attachment is None else attachment.names

    def stale(self) -> bool:
        """Whether the folder is no longer as it was when it was looked at; reads no prefix."""
        return self._now() != self._stood

    def look(self, busy: frozenset[str] = frozenset()) -> None:
        """Serve what is new or changed, and no longer what is gone; what is `busy` stays attached for now."""
        now, served, refused = self._now(), dict(self.served), dict(self.refused)
        for name in [name for name in self._stood if self._stood[name] != now.get(name)]:
            served.pop(name, None)
            refused.pop(name, None)
        for name in [name for name in now if now[name] != self._stood.get(name)]:
            version = f"{name} ({next(self._versions)})"
            try:
                if name == self.base:
                    raise ValueError("the base has this name; give the folder another one")
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    attach(self.model, {version: Prefix.from_pretrained(self.folder / name).materialize()})
                served[name] = version
                log.info("%s is served", name)
            except Exception as error:  # whatever is in a folder, the others are served
                refused[name] = str(error).replace(f"{self.folder}{os.sep}", "") or type(error).__name__
                log.warning("%s is left out: %s", name, refused[name])
        self.served, self.refused, self._stood = dict(sorted(served.items())), refused, now
        for version in self.attached:
            if version not in served.values() and version not in busy:
                detach(self.model, version)

    def _now(self) -> dict[str, list]:
        found = {}
        for home in sorted(self.folder.glob("[!.]*")):
            try:
                if home.is_dir() and (checkpoint.prefixes_in(home) or (home / checkpoint.PEFT_NAME).is_file()):
                    stats = [(file.name, file.stat()) for file in sorted(home.iterdir())]
                    name = home.name.encode(errors="backslashreplace").decode()  # no text where its bytes are none
                    found[name] = [(name, stat.st_mtime_ns, stat.st_size) for name, stat in stats]
            except FileNotFoundError:  # it is just being taken away
                continue
        return found

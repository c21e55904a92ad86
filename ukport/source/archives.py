"""Sources from archives: a file that the user has, or Debian's source package of the same version.

What an archive holds becomes a commit in a bare cache, under the tag that it stands for. It has no
history, and its commit is none of upstream's; the lock knows the tree, by which it is told whether
the very same files are in it.
"""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from ukport import git, process
from ukport.errors import FetchError
from ukport.git.intake import import_tree
from ukport.source.mirrors import APT

_DEBIAN = "http://deb.debian.org/debian"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SUITE = "bookworm"  # where /etc/os-release names none
_LONGEST = 600.0  # seconds
_DATED = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}


def take(path: Path, file: Path, sha256: str, tag: str) -> None:
    """Put what ``file`` holds into the bare repository ``path``, made if need be, as ``tag``.

    Raises FetchError for an archive that cannot be read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"{path.name}.", suffix=".part", dir=path.parent) as name:
        part = path if path.exists() else Path(name) / "part"
        try:
            if part is not path:
                git.run(["init", "--quiet", "--bare", "--template=", "--", part])
            repository = git.Repository(part)
            tree = import_tree(repository, file)
            message = f"{file.name}\n\nsha256 {sha256}\n".encode()
            made = git.run(["commit-tree", tree], repo=part, input=message, env=_DATED)
            repository.git(["update-ref", f"refs/tags/{tag}", made.text.strip()])
        except git.GitError as error:
            raise FetchError(f"{file} cannot be taken as {tag}: {error.message}") from None
        if part is not path:
            part.rename(path)


def suite() -> str:
    """The name of the Debian that this is, or bookworm."""
    try:
        text = Path("/etc/os-release").read_text("utf-8")
    except OSError:
        return _SUITE
    found = re.search(r"^VERSION_CODENAME=([a-z]+)$", text, re.MULTILINE)
    return found[1] if found and re.search(r"^ID=debian$", text, re.MULTILINE) else _SUITE


def from_debian(name: str, tag: str, folder: Path) -> Path:
    """The upstream archive of Debian's source package ``name``, at the version in ``tag``.

    apt checks Debian's signature and the sums that it vouches for. ``folder`` is apt's to work in.
    Raises FetchError where there is no such package, or it has another version; MissingError
    without apt.
    """
    version = re.search(r"[0-9]+(?:\.[0-9]+)*$", tag)
    if version is None:
        raise FetchError(f"{APT}: {tag} names no version that Debian could have")
    apt = _apt(folder)
    download = folder / "source"
    download.mkdir(exist_ok=True)
    for command in (["update"], ["source", "--download-only", "--", name]):
        done = process.run([*apt, *command], cwd=download, check=False, timeout=_LONGEST, tied=True)
        if done.timed_out or done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()[-500:]
            raise FetchError(f"{APT}: Debian {suite()} gave no source package {name}: {said}")
    # Only the very release: 2.0.9+ds is one that Debian took something out of.
    wanted = re.compile(rf"{re.escape(name)}_{re.escape(version[0])}\.orig\.tar\.(?:gz|xz|bz2)")
    found = sorted(path for path in download.iterdir() if ".orig.tar." in path.name)
    for path in found:
        if wanted.fullmatch(path.name):
            return path
    there = ", ".join(path.name for path in found) or "none"
    raise FetchError(f"{APT}: Debian {suite()} has another version of {name} than {tag}: {there}")


def _apt(folder: Path) -> list[str]:
    """apt-get under lists of our own, so that the machine's are neither needed nor touched."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lists = folder / "sources.list"
    signed = f"[signed-by={_KEYRING}] " if Path(_KEYRING).is_file() else ""
    lists.write_text(f"deb-src {signed}{_DEBIAN} {suite()} main\n", "utf-8")
    options = {
        "Dir::Etc::sourcelist": lists,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Get::List-Cleanup": "false",
    }
    return ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]

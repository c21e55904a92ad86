"""A series as commits and back, and two series compared for a reviewer.

Patches keep their own bytes as long as they are patches. Where commits are made into patches, the
form is pinned, so that making them, reading them and making them again gives the same bytes.
"""

import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

from ukport.errors import ConflictError
from ukport.git.command import GitError
from ukport.git.objects import Reader
from ukport.git.repository import Repository
from ukport.git.write import Person, Step, person_line, write_steps
from ukport.series.apply import Misfit, describe, fit, put, touched
from ukport.series.content import changes, load
from ukport.series.patch import Patch

_AUTHOR = re.compile(r"\s*\"?(.*?)\"?\s*<([^<>]*)>")
_PAIR = re.compile(
    r"^(?P<left>\S+:\s+\S+) (?P<kind>[=!<>]) (?P<right>\s*\S+:\s+\S+) (?P<subject>.*)$"
)
_SIGNS = {"=": "unchanged", "!": "adjusted", "<": "gone", ">": "new"}
FORMAT = (
    "format-patch",
    "--stdout",
    "--binary",
    "--full-index",
    "--no-attach",
    "--no-base",
    "--no-cover-letter",
    "--no-encode-email-headers",
    "--no-ext-diff",
    "--no-numbered",
    "--no-renames",
    "--no-signature",
    "--no-stat",
    "--no-textconv",
    "--no-thread",
    "--no-to",
    "--no-cc",
    "--no-add-header",
    "--histogram",
    "--zero-commit",
)


class RangeDiff(NamedTuple):
    """How one series became another, as git tells it and as Markdown for a pull request."""

    text: str
    markdown: str


def commit_series(repo: Repository, series: Sequence[Patch], base: str) -> tuple[str, str]:
    """Commits for a series on a commit or tree: the oid of the commit under it and of the last.

    ``repo`` is a scratch repository; every oid depends on nothing but the patches and the tree.
    Raises ConflictError where a patch does not apply at zero fuzz.
    """
    with repo.reader() as reader:
        tree = reader.tree(base)
        steps = [Step(b"base\n", Person(), ()), *_steps(reader, series, tree)]
    written = write_steps(repo, tree, steps)
    return written[0][0], written[-1][0]


def _steps(reader: Reader, series: Sequence[Patch], tree: str) -> list[Step]:
    files = load(reader, tree, touched(series))
    steps = []
    for patch in series:
        before = dict(files)
        for fitted in fit(patch, files):
            if isinstance(fitted, Misfit):
                raise ConflictError(describe(patch.name, fitted))
            put(files, fitted)
        steps.append(Step(message_of(patch), _person(patch), changes(before, files)))
    return steps


def export_commits(repo: Repository, base: str, tip: str) -> tuple[Patch, ...]:
    """The commits after ``base`` up to ``tip`` as patches, in a form that only they change."""
    raw = repo.git([*FORMAT, f"{base}..{tip}"]).stdout
    parts = re.split(rb"^(?=From 0{40,64} Mon Sep 17 00:00:00 2001$)", raw, flags=re.MULTILINE)
    patches = [Patch("", part) for part in parts if part]
    return tuple(
        Patch(f"{number:04}-{slug(patch.header.subject)}.patch", patch.raw)
        for number, patch in enumerate(patches, 1)
    )


def range_diff(
    repo: Repository,
    old: tuple[str, Sequence[Patch]],
    new: tuple[str, Sequence[Patch]],
    *,
    scratch: Path,
) -> RangeDiff:
    """Compare a series on its old base with one on its new base; each side is (base, patches)."""
    home = repo.scratch(scratch)
    ranges = []
    for base, series in (old, new):
        below, tip = commit_series(home, series, repo.tree(base))
        ranges.append(f"{below}..{tip}")
    done = home.git(["range-diff", "--no-color", "--no-ext-diff", *ranges], check=False)
    if done.returncode != 0:
        raise GitError(f"the two series cannot be compared: {done.stderr.decode(errors='replace')}")
    return RangeDiff(done.text, as_markdown(done.text))


def as_markdown(text: str) -> str:
    """A range-diff as a table, and the change of each patch in a part that opens."""
    rows = ["| old | | new | subject |", "|-|-|-|-|"]
    details = []
    body: list[str] = []
    for line in text.splitlines():
        pair = _PAIR.match(line.strip())
        if pair is None or line.startswith("    "):
            body.append(line[4:])
            continue
        left, right = (pair[side].split(":")[0].strip() for side in ("left", "right"))
        subject = pair["subject"].replace("|", "\\|")
        rows.append(f"| {left} | {_SIGNS[pair['kind']]} | {right} | {subject} |")
        body = []
        details.append((pair["subject"], body))
    shown = [
        f"\n<details><summary>{_escape(subject)}</summary>\n\n{_fenced(lines)}\n\n</details>"
        for subject, lines in details
        if lines
    ]
    return "\n".join([*rows, *shown]) + "\n"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fenced(lines: Sequence[str]) -> str:
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}diff", *lines, fence])


def message_of(patch: Patch) -> bytes:
    """The message of the commit that a patch makes."""
    text = f"{patch.subject}\n"
    if patch.body:
        text += f"\n{patch.body}\n"
    return text.encode("utf-8", "surrogateescape")


def _person(patch: Patch) -> Person:
    found = _AUTHOR.match(patch.author)
    name, email = (found[1], found[2]) if found else (patch.author or "unknown", "")
    return Person(
        name.encode("utf-8", "surrogateescape"),
        email.encode("utf-8", "surrogateescape"),
        _when(patch.date),
    )


def author_of(patch: Patch) -> bytes:
    """Its author as git stores one in a commit."""
    return person_line(_person(patch))


def _when(date: str) -> bytes:
    """The date as git keeps it; a patch without one gets the epoch, never the time of day."""
    try:
        moment = parsedate_to_datetime(date)
        seconds = int(moment.timestamp())
    except (ValueError, TypeError, OverflowError):
        return b"0 +0000"
    offset = moment.strftime("%z") or "+0000"
    return f"{max(seconds, 0)} {offset[:5]}".encode()


def slug(subject: str) -> str:
    """A subject as a part of a file name, as git writes it."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", subject).strip("-.")[:52].strip("-.") or "patch"

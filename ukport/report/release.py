"""The texts of a release: change log, README, pull requests, and the bill of materials."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ukport import __version__
from ukport.report.result import Result

_MOST = 200  # lines of upstream's history in a change log
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122, for URLs


@dataclass(frozen=True)
class Facts:
    """What all texts are made from; ``date`` is a day, ``moment`` that day with its time."""

    recipe: str
    title: str
    description: str
    homepage: str
    repository: str
    license: str
    version: str
    previous: str
    core: str
    moment: str
    upstream: tuple[str, ...]  # upstream's history since ``previous``, a line a commit
    patches: tuple[tuple[str, str, str], ...]  # tree, subject, status upstream
    changes: tuple[str, ...]  # what changed in the recipe, its series and glue
    trees: tuple[tuple[str, str, str, str, str], ...]  # name, url, tag, commit, sha256
    result: Result | None

    @property
    def date(self) -> str:
        return self.moment[:10]


def changelog(facts: Facts) -> str:
    """What is new since the version before."""
    lines = [f"# {facts.title} {facts.version} for Unikraft ({facts.core})", "", facts.date, ""]
    lines += ["## The port", ""]
    lines += [f"- {line}" for line in facts.changes] or ["- as in the release before"]
    lines += ["", "## Patches", ""]
    lines += [f"- {tree}: {subject} ({status})" for tree, subject, status in facts.patches]
    lines += [] if facts.patches else ["- none"]
    if facts.previous:
        lines += ["", f"## Upstream, {facts.previous} to {facts.version}", ""]
        lines += [f"- {line}" for line in facts.upstream[:_MOST]] or ["- nothing"]
        more = len(facts.upstream) - _MOST
        lines += [f"- and {more} more commits"] if more > 0 else []
    return "\n".join([*lines, ""])


def readme(facts: Facts) -> str:
    """The README of the external library."""
    return f"""\
# {facts.title} for Unikraft

{facts.title}: {facts.description}.

This is {facts.title} {facts.version}, ported to {facts.core} as an external library.
Homepage of the original: {facts.homepage}

## Use

Put this repository beside the other libraries, name its folder on the library path, and build:

```sh
make -C unikraft A=$PWD/app L=$PWD/lib-musl:$PWD/lib-{facts.recipe} menuconfig
make -C unikraft A=$PWD/app L=$PWD/lib-musl:$PWD/lib-{facts.recipe}
```

The sources are fetched by the build and checked against the sha256 in `Makefile.uk`; the patches in
`patches/` are applied to them. The glue is made with [ukport](https://github.com/unikraft) from a
recipe; `CHANGELOG.md` tells what changed.

## Licence

The glue and the patches are BSD-3-Clause, see `COPYING.md`; {facts.title} itself is
{facts.license}.
"""


def verdict(result: Result | None, version: str) -> str:
    """The table for a pull request; what was not run is said to be so."""
    rows = ["| version | platform | verdict | tests | guest says |", "|-|-|-|-|-|"]
    if result is None:
        rows.append(f"| {version} | - | NOT RUN | - | - |")
        return "\n".join([*rows, "", "Not verified here: run `ukport verify` first."])
    passed = sum(test.passed for test in result.tests)
    rows.append(
        f"| {version} | {result.platform}, {result.accelerator} | {result.verdict.upper()}"
        f" | {passed}/{result.tests_planned} | {result.guest_version or '-'} |"
    )
    failed = [test.name for test in result.tests if not test.passed]
    return "\n".join([*rows, *(["", f"Failed: {', '.join(failed)}"] if failed else [])])


def pull_request(facts: Facts, tree: str, branch: str, file: str, subjects: Sequence[str]) -> str:
    """The text of one repository's pull request, and how its branch is had."""
    lines = [f"# {tree}: {facts.title} {facts.version}", ""]
    lines += [f"- {subject}" for subject in subjects]
    lines += ["", "## Verified", "", verdict(facts.result, facts.version), ""]
    lines += ["## The branch", "", "```sh"]
    lines += [f"git fetch {file} {branch}:{branch}", f"git push origin {branch}", "```", ""]
    return "\n".join(lines)


def bill_of_materials(facts: Facts) -> str:
    """A CycloneDX 1.5 document: the library, and every tree that it was built and tested with."""
    first, *around = [_component(*tree) for tree in facts.trees]
    first["licenses"] = [{"expression": facts.license}]
    library: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"lib-{facts.recipe}",
        "name": f"lib-{facts.recipe}",
        "version": facts.version,
        "description": facts.description,
        "licenses": [{"expression": f"BSD-3-Clause AND {facts.license}"}],
        "externalReferences": [{"type": "vcs", "url": facts.repository}],
        "pedigree": {"patches": [_patch(subject) for _, subject, _ in facts.patches]},
    }
    components = [first, *around]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(facts.trees))}",
        "version": 1,
        "metadata": {
            "timestamp": facts.moment,
            "tools": {
                "components": [{"type": "application", "name": "ukport", "version": __version__}]
            },
            "component": library,
        },
        "components": components,
        "dependencies": [
            {
                "ref": library["bom-ref"],
                "dependsOn": sorted(str(component["bom-ref"]) for component in components),
            }
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _component(name: str, url: str, tag: str, commit: str, sha256: str) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": f"{name}@{commit}",
        "name": name,
        "version": tag,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "externalReferences": [{"type": "vcs", "url": url, "comment": f"commit {commit}"}],
    }


def _patch(subject: str) -> dict[str, Any]:
    return {"type": "unofficial", "resolves": [{"type": "enhancement", "name": subject}]}

"""A release of the toy: the same bytes twice, nothing written by a dry run, bad input; and mimalloc
built and booted from its release alone, from an empty folder, by Unikraft's own make."""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.toy import IDENTITY, git
from ukport.errors import UkportError, UsageError
from ukport.source import Cache, default_root
from ukport.workflow.fetch import fetch
from ukport.workflow.release import Release

ROOT = Path(__file__).parents[2]


@pytest.fixture
def known(toy, monkeypatch, tmp_path):
    """The toy's project, committed, with an identity and a library repository of its own."""
    library = tmp_path / "lib-toy"
    library.mkdir()
    git(library, "init", "-q", "-b", "main")
    (library / "README.md").write_text("old\n")
    git(library, "add", "-A")
    git(library, "commit", "-q", "-m", "start")
    text = toy.recipe.read_text()
    text = text.replace("https://toy.example.org/lib-toy", library.as_uri())
    toy.recipe.write_text(text)
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = M. Maintainer\n\temail = m@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    fetch(toy.project, ["toy"], None, Cache(default_root()), lambda _: None)
    git(toy.project, "init", "-q", "-b", "main")
    git(toy.project, "add", "recipes", "patches")
    git(toy.project, "commit", "-q", "-m", "toy: A recipe")
    return toy


def release(toy, *, dry_run=False, out=None, since=None):
    work = Release(toy.project, Cache(default_root()), lambda _: None)
    return work.prepare("toy", since=since, out=out, dry_run=dry_run)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_bytes_twice(known, tmp_path):
    done = release(known)
    first = contents(Path(done.folder))
    assert done.files == tuple(first)
    assert contents(Path(release(known, out=tmp_path / "again").folder)) == first
    assert release(known).files == done.files  # what is there already is the same
    for line in first["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(first[name]).hexdigest() == digest


def test_a_dry_run_writes_nothing(known):
    before = {path for path in known.project.rglob("*") if ".git" not in path.parts}
    done = release(known, dry_run=True)
    assert done.folder == ""
    assert "lib-toy.bundle" in done.files
    assert {path for path in known.project.rglob("*") if ".git" not in path.parts} == before


def test_the_library_is_a_branch_with_a_tag(known, tmp_path):
    folder = Path(release(known).folder)
    git(tmp_path, "clone", "-q", str(tmp_path / "lib-toy"), "clone")
    clone = tmp_path / "clone"
    git(clone, "fetch", "-q", "--tags", str(folder / "lib-toy.bundle"), "ukport/toy-1.0.0:it")
    assert git(clone, "log", "--format=%an|%cn|%s", "it").splitlines() == [
        "M. Maintainer|M. Maintainer|toy: Carry to 1.0.0",
        "A. Author|A. Author|start",
    ]
    assert "Signed-off-by: M. Maintainer <m@example.org>" in git(clone, "show", "-s", "it")
    assert git(clone, "cat-file", "-t", "toy-1.0.0").strip() == "tag"
    files = set(git(clone, "ls-tree", "-r", "--name-only", "it").split())
    assert files >= {
        "Makefile.uk",
        "Config.uk",
        "Library.uk",
        "README.md",
        "CHANGELOG.md",
        "COPYING.md",
        "glue.c",
        f"patches/{known.patch.name}",
    }
    assert "ukport" not in git(clone, "show", "it:Makefile.uk").replace("Made by ukport", "")


def test_a_pinned_trees_series_becomes_commits_on_its_pin(known, tmp_path):
    folder = known.project / "patches/toycore/1"
    folder.mkdir(parents=True)
    (folder / "0001-kernel-Say-more.patch").write_text(
        "From: C. Author <c@example.org>\nDate: Fri, 2 Jan 2026 00:00:00 +0000\n"
        "Subject: kernel: Say more\n\nIt is needed.\n\nUpstream-Status: Pending\n"
        "Signed-off-by: C. Author <c@example.org>\n---\n"
        "diff --git a/NEWS b/NEWS\nnew file mode 100644\n--- /dev/null\n+++ b/NEWS\n"
        "@@ -0,0 +1 @@\n+more\n"
    )
    text = known.recipe.read_text()
    known.recipe.write_text(text.replace('pin = "v1"', 'pin = "v1"\nseries = "toycore/1"'))
    git(known.project, "add", "recipes", "patches")
    git(known.project, "commit", "-q", "-m", "toycore: A patch")
    made = Path(release(known).folder)
    git(tmp_path, "clone", "-q", str(known.core), "core")
    clone = tmp_path / "core"
    git(clone, "fetch", "-q", str(made / "toycore.bundle"), "ukport/toy-1.0.0:it")
    shown = git(clone, "log", "-1", "--format=%an|%cn|%B", "it")
    assert shown.startswith("C. Author|M. Maintainer|kernel: Say more")
    assert "Upstream-Status" not in shown
    assert git(clone, "rev-parse", "it^").strip() == git(known.core, "rev-parse", "v1^{}").strip()
    assert "kernel: Say more" in (made / "pull-request-toycore.md").read_text()


def test_what_was_not_verified_is_not_called_so(known):
    folder = Path(release(known).folder)
    assert "NOT RUN" in (folder / "pull-request-lib-toy.md").read_text()


def test_the_change_log_tells_upstreams_history(known):
    known.recipe.write_text(known.recipe.read_text() + "\n")
    git(known.project, "commit", "-qam", "toy: A line more")
    text = (Path(release(known, since="1.0.0").folder) / "CHANGELOG.md").read_text()
    assert "## The port\n\n- toy: A line more\n\n" in text
    assert "## Upstream, 1.0.0 to 1.0.0" in text


def test_the_bill_of_materials(known):
    folder = Path(release(known).folder)
    bill = json.loads((folder / "toy-1.0.0.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert [one["name"] for one in bill["components"]] == ["toy", "toycore"]
    refs = {one["bom-ref"] for one in bill["components"]}
    assert set(bill["dependencies"][0]["dependsOn"]) == refs
    assert all(len(one["hashes"][0]["content"]) == 64 for one in bill["components"])


def test_the_bill_of_materials_keeps_its_schema(known):
    pytest.importorskip("cyclonedx", reason="needs `sh .ci/setup` again")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = (Path(release(known).folder) / "toy-1.0.0.cdx.json").read_text()
    validator = JsonStrictValidator(SchemaVersion.V1_5)
    assert validator.validate_str(text) is None
    wrong = text.replace('"SHA-256"', '"SHA-257"', 1)
    assert validator.validate_str(wrong) is not None


def test_a_dirty_project_is_refused(known):
    known.patch.write_text(known.patch.read_text() + "\n")
    with pytest.raises(UsageError, match="is not committed"):
        release(known)
    assert not (known.project / "dist").exists()


def test_without_an_identity(known, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    with pytest.raises(UsageError, match="who you are"):
        release(known)
    assert not (known.project / "dist").exists()


@pytest.mark.parametrize(
    ("command", "why"),
    [(("tag", "toy-1.0.0"), "has a tag"), (("branch", "ukport/toy-1.0.0"), "has a branch")],
)
def test_a_tag_or_a_branch_that_exists(known, tmp_path, command, why):
    git(tmp_path / "lib-toy", *command)
    with pytest.raises(UsageError, match=why):
        release(known)
    assert not (known.project / "dist").exists()


def test_another_release_is_not_overwritten(known):
    folder = known.project / "dist/toy-1.0.0"
    folder.mkdir(parents=True)
    (folder / "CHANGELOG.md").write_text("mine\n")
    with pytest.raises(UsageError, match="it is another"):
        release(known)
    assert contents(folder) == {"CHANGELOG.md": b"mine\n"}


def test_a_full_disk_leaves_nothing(known, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copytree", full)
    with pytest.raises(UkportError, match="No space left"):
        release(known)
    assert list((known.project / "dist").iterdir()) == []


APP = """\
$(eval $(call addlib,appalone))
"""
CONFIG = ("PLAT_KVM", "ARCH_X86_64", "LIBMIMALLOC")


@pytest.mark.upstream
@pytest.mark.boot
@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="there is no QEMU")
def test_mimalloc_builds_and_boots_from_its_release_alone(upstream, tmp_path, monkeypatch):
    from ukport.recipe import load

    recipe = load(ROOT, "mimalloc")
    published = "https://github.com/unikraft/lib-mimalloc"
    for url in (recipe.core.url, *(tree.url for tree in recipe.libraries), published):
        upstream(url)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    project = tmp_path / "project"
    for name in ("recipes", "patches"):
        shutil.copytree(ROOT / name, project / name)
    config = tmp_path / "identity"
    global_config = Path(os.environ.get("HOME", "/")) / ".gitconfig"
    config.write_text(
        f"[include]\n\tpath = {global_config}\n[user]\n\tname = M\n\temail = m@m.org\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.delenv("GIT_CONFIG_NOSYSTEM", raising=False)
    cache = Cache(default_root())
    fetch(project, ["mimalloc"], None, cache, lambda _: None)
    work = Release(project, replace(cache, offline=True), lambda _: None)
    out = Path(work.prepare("mimalloc", since=None, out=tmp_path / "dist", dry_run=False).folder)

    here = tmp_path / "empty"
    here.mkdir()
    branch = f"ukport/mimalloc-{recipe.version}"

    def run(*command: object) -> None:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)

    homes = {tree.name: tree.url for tree in (recipe.core, *recipe.libraries)}
    # The branch stands on the published library's where the cache has that.
    for name, url in {**homes, "lib-mimalloc": published}.items():
        run("git", "clone", "-q", url, here / name)
        run("git", "-C", here / name, "fetch", "-q", out / f"{name}.bundle", f"{branch}:it")
        run("git", "-C", here / name, "checkout", "-q", "it")
    app = here / "app"
    shutil.copytree(ROOT / "recipes/mimalloc/test", app)
    sources = "".join(f"APPALONE_SRCS-y += $(APPALONE_BASE)/{s}\n" for s in recipe.test.sources)
    (app / "Makefile.uk").write_text(APP + sources)
    on = "".join(f"CONFIG_{o}=y\n" for o in (*CONFIG, *recipe.configuration.enable))
    off = "".join(f"# CONFIG_{o} is not set\n" for o in recipe.configuration.disable)
    (app / ".config").write_text(on + off)
    # The archives as the build would fetch them, from the cache: these tests have no network.
    wget = here / "wget"
    archives = default_root() / "archives"
    wget.write_text(
        '#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" = -O ] && to=$2; shift; done\n'
        f'exec cp {archives}/*/"${{1##*/}}" "$to"\n'
    )
    wget.chmod(0o755)
    libraries = ":".join(str(here / name) for name in ("lib-musl", "lib-mimalloc"))
    make = ["make", "-C", here / "unikraft", f"A={app}", f"L={libraries}", f"WGET={wget}"]
    run(*make, "olddefconfig")
    built = subprocess.run([*make, "-j2"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    (image,) = (p for p in (app / "build").glob("*_qemu-x86_64") if p.is_file())
    qemu = ["qemu-system-x86_64", "-kernel", image, "-nographic", "-no-reboot", "-m", "512"]
    qemu += ["-cpu", "max", "-device", "isa-debug-exit"]
    console = subprocess.run(qemu, capture_output=True, text=True, timeout=120, check=False).stdout
    assert f"ukport: begin mimalloc {recipe.version}" in console
    assert "ukport: end" in console
    assert "not ok" not in console

"""Reading and writing repositories, hostile ones included."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from tests.series.lab import Lab, make_lab
from ukport.errors import FetchError
from ukport.git import GitError, Repository, create, run
from ukport.git.intake import import_tree
from ukport.git.mirror import fetch, mirror
from ukport.git.write import Change, Person, Step, write_steps, write_tree


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path / "lab")


def test_revisions(lab: Lab) -> None:
    oid = lab.commit({"a b/c d.txt": b"text\n"})
    lab.git("tag", "v1")
    lab.git("tag", "-a", "v2", "-m", "annotated")
    lab.git("tag", "-a", "v3", "-m", "a tag of a tag", "v2")
    lab.git("tag", "blob", f"{oid}:a b/c d.txt")
    assert lab.repo.tags() == {"v1": oid, "v2": oid, "v3": oid}
    assert lab.repo.resolve("v3") == oid
    assert lab.repo.read("v1", "a b/c d.txt") == b"text\n"
    assert lab.repo.list("v1") == ("a b/c d.txt",)
    assert lab.repo.list("v1", "nowhere") == ()


@pytest.mark.parametrize("rev", ["v9", "", "--all", "-x", "a\0b", "HEAD:a"])
def test_no_such_revision(lab: Lab, rev: str) -> None:
    lab.commit({"a": b"x"})
    with pytest.raises(GitError) as caught:
        lab.repo.resolve(rev)
    assert repr(rev) in caught.value.message


def test_not_a_repository(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not a git repository"):
        _ = Repository(tmp_path).gitdir


def test_a_linked_work_tree_is_a_repository_too(lab: Lab, tmp_path: Path) -> None:
    oid = lab.commit({"a": b"x"})
    lab.git("worktree", "add", "-q", "--detach", tmp_path / "linked")
    linked = Repository(tmp_path / "linked")
    assert linked.resolve("HEAD") == oid
    assert linked.scratch(tmp_path / "scratch").read(oid, "a") == b"x"


def test_many_objects_and_missing_ones(lab: Lab) -> None:
    oid = lab.commit({f"{n:05}" * 20: str(n).encode() for n in range(1500)})
    with lab.repo.reader() as reader:
        specs = [f"{oid}:{path}" for path in lab.repo.list(oid)]
        specs[700] = f"{oid}:no such 12"
        found = [item.data if item else None for item in reader.many(specs)]
    assert found == [None if n == 700 else str(n).encode() for n in range(1500)]


def test_a_path_with_a_line_break_is_refused_not_misread(lab: Lab) -> None:
    lab.commit({"a": b"x"})
    with lab.repo.reader() as reader:
        with pytest.raises(GitError, match="line break"):
            reader.get("HEAD:a\nHEAD:a")
        assert reader.get("HEAD:a") is not None


def test_trees_are_read_as_ls_tree_reads_them(lab: Lab) -> None:
    oid = lab.commit({"a": b"1", "d/e/f": b"2", "d/x": b"3"})
    with lab.repo.reader() as reader:
        found = reader.entries(reader.tree(oid), ["a", "d/e/f", "d", "d/none", "a/b"])
    assert {path: entry.oid for path, entry in found.items()} == {
        entry.path: entry.oid for entry in lab.repo.entries(oid) if entry.path != "d/x"
    }


def test_the_users_configuration_changes_nothing(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = lab.commit({"a": b"1\n2\n"})
    new = lab.commit({"a": b"1\n3\n"})
    plain = lab.repo.git(["diff", old, new]).stdout
    config = tmp_path / "config"
    config.write_text(
        "[diff]\nnoprefix = true\ncontext = 9\nmnemonicPrefix = true\nexternal = false\n"
        "[color]\nui = always\n[core]\nautocrlf = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "diff.context")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "0")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    lab.git("config", "diff.noprefix", "true")
    assert lab.repo.git(["diff", "--no-ext-diff", old, new]).stdout == plain


def test_archive_holds_the_blobs_whatever_attributes_ask_for(lab: Lab) -> None:
    attributes = b"* text eol=crlf\nhidden export-ignore\nid export-subst\n"
    files = {".gitattributes": attributes, "a": b"1\n2\n", "hidden": b"x\n", "id": b"$Format:%H$\n"}
    lab.git("config", "core.attributesFile", "/dev/null")
    lab.commit({".gitattributes": b""})
    with_blobs = write_tree(
        lab.repo.scratch(lab.path / "s"), None, [Change(p, d) for p, d in files.items()]
    )
    repo = Repository(lab.path / "s")
    data = repo.archive(with_blobs, prefix="top/")
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = {
            member.name: stream.read()
            for member in tar
            if (stream := tar.extractfile(member)) is not None
        }
    assert found == {f"top/{path}": data for path, data in files.items()}
    assert repo.archive(with_blobs, prefix="top/") == data


def test_export_writes_files_modes_and_links(lab: Lab, tmp_path: Path) -> None:
    changes = [
        Change("dir/tool", b"#!/bin/sh\n", "100755"),
        Change("dir/link", b"../plain", "120000"),
        Change("plain", b"\r\n\0"),
    ]
    lab.commit({"x": b""})
    repo = lab.repo.scratch(tmp_path / "s")
    repo.export(write_tree(repo, None, changes), tmp_path / "out")
    assert (tmp_path / "out/plain").read_bytes() == b"\r\n\0"
    assert os.access(tmp_path / "out/dir/tool", os.X_OK)
    assert (tmp_path / "out/dir/link").read_bytes() == b"\r\n\0"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "../..", "a/../../../x"])
def test_links_that_leave_are_refused_before_anything_is_written(
    tmp_path: Path, target: str
) -> None:
    repo = create(tmp_path / "s")
    changes = [Change("a", b"x"), Change("dir/l", target.encode(), "120000")]
    tree = write_tree(repo, None, changes)
    with pytest.raises(GitError, match="dir/l"):
        repo.export(tree, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", "git~1"])
def test_hostile_trees_are_not_exported(tmp_path: Path, name: str) -> None:
    repo = create(tmp_path / "s")
    blob = run(["hash-object", "-w", "--stdin"], repo=repo.path, input=b"evil").text.strip()
    entry = f"100644 blob {blob}\t{name}\0".encode()
    inner = run(["mktree", "-z"], repo=repo.path, input=entry).text.strip()
    entry = f"040000 tree {inner}\tdir\0".encode()
    tree = run(["mktree", "-z"], repo=repo.path, input=entry).text.strip()
    with pytest.raises(GitError, match="not unpacked"):
        repo.export(tree, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_export_never_overwrites(lab: Lab, tmp_path: Path) -> None:
    oid = lab.commit({"a": b"new"})
    (tmp_path / "out").mkdir()
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "out/a").symlink_to(tmp_path / "victim")
    with pytest.raises(GitError, match="exists already"):
        lab.repo.export(oid, tmp_path / "out")
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_commits_are_written_in_a_row_and_reproducibly(lab: Lab, tmp_path: Path) -> None:
    base = lab.commit({"keep": b"k", "dir/gone": b"g"})
    steps = [
        Step(b"one\n", Person(b"A <B>\n", b"a@b", b"7 +0200"), [Change('q"\\\n', b"1")]),
        Step(b"two\n\nbody \xff\n", Person(), [Change("dir/gone", None), Change("dir", b"file")]),
    ]
    repos = [lab.repo.scratch(tmp_path / name) for name in "ab"]
    written = [write_steps(repo, lab.repo.tree(base), steps) for repo in repos]
    assert written[0] == written[1]
    assert repos[0].list(written[0][0][1]) == ("dir/gone", "keep", 'q"\\\n')
    assert repos[0].read(written[0][1][0], "dir") == b"file"
    assert lab.repo.git(["cat-file", "-e", written[0][1][0]], check=False).returncode != 0


def test_mirror_takes_heads_and_tags_only_and_honours_insteadof(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oid = lab.commit({"a": b"x"})
    lab.git("tag", "v1")
    lab.git("update-ref", "refs/pull/1/head", oid)
    config = tmp_path / "config"
    config.write_text(f'[url "{lab.path}"]\n\tinsteadOf = https://upstream.invalid/x\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    mirror("https://upstream.invalid/x", tmp_path / "m.git")
    copy = Repository(tmp_path / "m.git")
    refs = copy.git(["for-each-ref", "--format=%(refname)"]).text.split()
    assert refs == ["refs/heads/main", "refs/tags/v1"]
    newer = lab.commit({"a": b"y"})
    lab.git("tag", "-f", "v1")
    fetch(tmp_path / "m.git", "https://upstream.invalid/x")
    assert copy.tags() == {"v1": newer}


def test_an_upstream_out_of_reach_leaves_nothing_behind(tmp_path: Path) -> None:
    url = str(tmp_path / "nowhere")
    with pytest.raises(FetchError) as caught:
        mirror(url, tmp_path / "m.git")
    assert url in caught.value.message
    assert caught.value.exit_code == 5
    assert list(tmp_path.iterdir()) == []


def test_folders_and_archives_become_the_same_tree(lab: Lab, tmp_path: Path) -> None:
    oid = lab.commit({"a": b"1\r\n", "d/b": b"\0", "d/c": b""})
    lab.repo.export(oid, tmp_path / "folder")
    (tmp_path / "x.tar").write_bytes(lab.repo.archive(oid, prefix="x-1.0/"))
    lab.git("archive", "--format=zip", "--prefix=x-1.0/", "-o", tmp_path / "x.zip", oid)
    home = create(tmp_path / "home")
    for name in ("folder", "x.tar", "x.zip"):
        assert import_tree(home, tmp_path / name) == lab.repo.tree(oid)


@pytest.mark.parametrize("name", ["../evil", "/abs", "x/../../evil", "x/.git/config"])
def test_archives_that_reach_outside_are_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        info = tarfile.TarInfo(name)
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(GitError, match="the path"):
        import_tree(create(tmp_path / "home"), tmp_path / "x.tar")


@pytest.mark.parametrize("data", [b"", b"garbage" * 99, b"\x1f\x8b\x08\0broken"])
def test_broken_archives_are_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.tar.gz").write_bytes(data)
    with pytest.raises(GitError, match=r"x\.tar\.gz"):
        import_tree(create(tmp_path / "home"), tmp_path / "x.tar.gz")

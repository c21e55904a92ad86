"""Symbols and glue of the real mimalloc and musl, against nm on the very objects."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.bench.symbols import CASES, EXACT, NEARLY, accuracy, compile_all
from tests.workflow.test_mimalloc import ROOT, UPSTREAMS, ukport
from ukport.source import Cache, default_root
from ukport.workflow.symbols import build_commands, symbols

pytestmark = [pytest.mark.upstream, pytest.mark.xdist_group("mimalloc")]


@pytest.fixture(autouse=True)
def _reached(upstream):
    for url in UPSTREAMS:
        upstream(url)


@pytest.mark.parametrize("case", CASES)
def test_symbols_are_those_of_the_objects(case, tmp_path: Path):
    cache = Cache(default_root())
    found = symbols(ROOT, CASES[case], cache, lambda _event: None)
    assert [unit.source for unit in found.units if not unit.parsed] == []
    with build_commands(ROOT, CASES[case], cache, lambda _event: None) as commands:
        listings = compile_all(commands, tmp_path, os.cpu_count() or 1)
    units = [
        {key: [{"name": one.name} for one in getattr(unit, key)] for key in ("defines", "needs")}
        for unit in found.units
    ]
    rates = accuracy(units, listings)
    assert rates[:2] == (EXACT, EXACT)
    assert min(rates[2:]) >= NEARLY


@pytest.mark.parametrize("version", ["1.6.3", "2.1.9", "3.4.3"])
def test_the_glue_is_proven(version):
    done = ukport(ROOT, "glue", "mimalloc", "--version", version, "--check", "--json")
    assert done.returncode == 0, done.stdout
    assert {one["severity"] for one in json.loads(done.stdout)["findings"]} <= {"note"}


def test_what_mimalloc_has_to_select_is_found(tmp_path: Path):
    project = tmp_path / "project"
    for part in ("recipes/mimalloc", "patches"):
        shutil.copytree(ROOT / part, project / part)
    recipe = project / "recipes/mimalloc/recipe.toml"
    lines = recipe.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(("depends = ", "selects = "))]
    assert len(lines) - len(kept) == 2
    recipe.write_text("".join(kept))
    assert ukport(project, "glue", "mimalloc", "--write").returncode == 0
    # It brings core's allocator interface.
    assert 'selects = ["LIBMUSL"]' in recipe.read_text()
    done = ukport(project, "glue", "mimalloc", "--check", "--json")
    assert (done.returncode, json.loads(done.stdout)["findings"]) == (0, [])


def test_what_2_2_7_and_3_4_3_change():
    told = ukport(ROOT, "symbols", "mimalloc", "--version", "2.1.9", "--diff", "2.2.7", "--json")
    found = json.loads(told.stdout)
    assert "_mi_os_reuse" in {one["name"] for one in found["functions"]["added"]}
    assert {
        "name": "_mi_os_numa_node",
        "before": "include/mimalloc/internal.h",
        "after": "src/os.c",
    } in (found["functions"]["moved"])
    touches = {(one["kind"], one["name"]): one["what"] for one in found["touches"]}
    assert touches["patch", "_mi_os_free_ex"] == "its code changed"
    assert touches["backend", "_mi_prim_reuse"] == "is compiled from then on"
    assert touches["glue", "MI_PRIM_REUSE"] == "is defined for the glue from then on"
    told = ukport(ROOT, "symbols", "mimalloc", "--version", "2.1.9", "--diff", "3.4.3", "--json")
    touches = {
        (one["kind"], one["name"]): one["what"] for one in json.loads(told.stdout)["touches"]
    }
    assert touches["backend", "_mi_prim_getenv"].startswith("was _Bool _mi_prim_getenv(")
    assert touches["glue", "src/segment.c"] == "is a source no more"
    # Upstream sets it where nobody has: it still is an option.
    assert ("glue", "LIBMIMALLOC_GUARDED") not in touches

"""Symbols and glue of the real mimalloc and musl, against nm on the very objects."""

import json
import os
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

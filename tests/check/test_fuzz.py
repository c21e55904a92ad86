import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from tests.check import cases
from tests.check.test_rules import look
from tests.fuzz.patches import PIECES, corpus

LINES = st.sampled_from(
    [*PIECES, *(line for text in corpus()[:12] for line in text.splitlines(keepends=True))]
)


@given(st.lists(LINES, max_size=60), st.binary(max_size=30))
def test_any_lines_are_findings_or_a_patch(lines, more):
    look(b"".join(lines) + more)


@given(st.binary(max_size=400))
def test_any_bytes_are_findings(raw):
    assert look(raw)


@given(st.integers(0, len(cases.GOOD)))
def test_a_patch_that_is_cut_off(at):
    look(cases.GOOD[:at])


def test_mutated_patches():
    """The fuzzer itself, with its guard, on few inputs."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.patches", "--count", "300", "--seed", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "300 inputs" in done.stdout, done.stderr

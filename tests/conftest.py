import fcntl
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import toy as toys
from tests.toy import Toy

# No test is timed: a machine that does much else is no fault in the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# A shell ignores SIGINT for what it starts in the background, and all below would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The toy's upstream and core, made once."""
    folder = tmp_path_factory.mktemp("upstreams")
    return toys.make_upstream(folder / "toy"), toys.make_core(folder / "core")


@pytest.fixture
def toy(tmp_path: Path, repositories: tuple[Path, Path]) -> Toy:
    return toys.make_project(tmp_path / "project", *repositories)


@pytest.fixture(autouse=True)
def _own_cache(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests never touch the user's cache; those that need an upstream share it, for time's sake."""
    if request.node.get_closest_marker("upstream") is None:
        folder = request.getfixturevalue("tmp_path") / "cache"
        monkeypatch.setenv("UKPORT_CACHE", str(folder))


@cache
def _reachable(url: str) -> str:
    """An empty string where git reaches ``url``, else why not."""
    try:
        done = subprocess.run(
            ["git", "ls-remote", "--exit-code", url, "HEAD"],
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip()[-200:] or "no answer"


@pytest.fixture(scope="session")
def upstream() -> Callable[[str], str]:
    """``upstream(url)`` skips the test, with the reason, where git cannot reach ``url``."""

    def need(url: str) -> str:
        why = _reachable(url)
        if why:
            pytest.skip(f"{url} cannot be reached: {why}")
        return url

    return need


@pytest.fixture
def ordinary_cell() -> Iterator[None]:
    """The build folder of mimalloc's ordinary cell, whose core some tests change, for one test.

    With pytest 9 the groups of pytest-xdist do not keep tests on one worker.
    """
    path = Path(tempfile.gettempdir()) / f"ukport-tests-{os.getuid()}.lock"
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

import os

import pytest

from ukport.verify.timings import spans, written


def test_the_parts_are_the_whole_and_the_most_comes_first():
    done = [(12.0, "libmusl"), (13.0, "libnew"), (17.0, "libmusl"), (17.5, "libnew")]
    parts = spans(done, 10.0, 20.0)
    assert list(parts) == ["prepare", "libmusl", "libnew", "link"]
    assert parts == {"prepare": 2.0, "libmusl": 4.0, "libnew": 1.5, "link": 2.5}
    assert sum(parts.values()) == pytest.approx(10.0)


def test_nothing_compiled():
    assert spans([], 1.0, 3.5) == {"make": 2.5}


def test_only_what_is_new_counts(tmp_path):
    (tmp_path / "libmusl/deep").mkdir(parents=True)
    for name, when in (("libmusl/deep/a.o", 50), ("libmusl/b.o", 150), ("libnew.ld.o", 160)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (when, when))
    assert sorted(written(tmp_path, 100.0)) == [(150.0, "libmusl"), (160.0, "libnew")]

"""The alignment against a model that keeps an identity for every line."""

from hypothesis import given
from hypothesis import strategies as st

from ukport.series.alignment import Alignment, identical

Model = tuple[list[int], list[int]]
SPLICES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 5), st.integers(0, 5), st.sampled_from("obp")),
    max_size=12,
)


def pairs(alignment: Alignment) -> set[tuple[int, int]]:
    return {(block.old + i, block.new + i) for block in alignment.blocks for i in range(block.size)}


def model_pairs(model: Model) -> set[tuple[int, int]]:
    where = {line: at for at, line in enumerate(model[1])}
    return {(at, where[line]) for at, line in enumerate(model[0]) if line in where}


@given(st.integers(0, 30), SPLICES)
def test_splices_keep_track_of_every_line(
    size: int, splices: list[tuple[int, int, int, str]]
) -> None:
    alignment = identical(size)
    old, new = list(range(size)), list(range(size))
    fresh = 1000
    for at, removed, added, kind in splices:
        start = min(at, len(old))
        end = min(start + removed, len(old))
        region = alignment.region(start, end)
        shared = alignment.shared(start, end) if end > start else alignment.untouched(start, end)
        lines = list(range(fresh, fresh + added))
        fresh += added
        if kind == "o" or shared is None:  # the old side alone
            spot = region.new_start
            alignment = alignment.spliced((start, end), added, (spot, spot), 0)
            old[start:end] = lines
        elif kind == "b":  # both sides alike
            place = (shared, shared + end - start)
            alignment = alignment.spliced((start, end), added, place, added)
            old[start:end] = lines
            new[place[0] : place[1]] = lines
        else:  # upstream alone
            place = (shared, shared + end - start)
            alignment = alignment.spliced((start, start), 0, place, added)
            new[place[0] : place[1]] = [-line for line in lines]
        assert (alignment.old_size, alignment.new_size) == (len(old), len(new))
        assert pairs(alignment) <= model_pairs((old, new))
        if kind != "p":
            assert pairs(alignment) == model_pairs((old, new)) or kind == "o"


@given(st.integers(1, 30), st.data())
def test_region_is_bounded_by_shared_lines(size: int, data: st.DataObject) -> None:
    alignment = identical(size)
    cut = data.draw(st.integers(0, size - 1))
    alignment = alignment.spliced((cut, cut + 1), 0, (cut, cut), 2)
    start = data.draw(st.integers(0, alignment.old_size))
    end = data.draw(st.integers(start, alignment.old_size))
    region = alignment.region(start, end)
    assert region.old_start <= start <= end <= region.old_end
    if region.old_start:
        assert alignment.shared(region.old_start - 1, region.old_start) == region.new_start - 1
    if region.old_end < alignment.old_size:
        assert alignment.shared(region.old_end, region.old_end + 1) == region.new_end

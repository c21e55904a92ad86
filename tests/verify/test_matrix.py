import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.toy.recipes import parsed
from ukport.errors import UsageError
from ukport.recipe.error import RecipeError
from ukport.source import Version
from ukport.verify.matrix import Axes, Cell, Filters, Options, cells, folder_key, grouped, shard

MATRIX = """
[matrix]
memory = [16, 32]
configurations = [
    { name = "plain" },
    { name = "paging", enable = ["PAGING"], disable = ["TOY"], values = { STACK = 4 } },
]
architectures = [
    { name = "x86_64" },
    { name = "arm64", enable = ["VIRT"], versions = ["==2.0.0"] },
]
allocators = [{ name = "other", enable = ["OTHER"], number = 7 }]
"""
VERSIONS = [Version.parse("1.0.0"), Version.parse("2.0.0")]


@pytest.fixture(scope="module")
def axes() -> Axes:
    return Axes.of(parsed(MATRIX))


def test_the_whole_matrix_is_every_point_that_serves_a_version(axes):
    found = cells(axes, VERSIONS, Filters(), "tcg", whole=True)
    assert len(found) == len(set(found))
    on_x86 = 2 * 2 * (len(VERSIONS) + 1)  # configurations, memory, versions and the other allocator
    on_arm = 2 * 2 * (1 + 1)
    assert len(found) == on_x86 + on_arm
    assert {c.version for c in found if c.architecture == "arm64"} == {"2.0.0", ""}
    assert {c.version for c in found if c.allocator == "other"} == {""}
    assert {axes.on(c) for c in found} == {""}
    assert axes.name(found[-1]) == found[-1].name == "other/paging/arm64/32M"


PORTED = """
[matrix]
own = "bbuddy"

[[matrix.allocators]]
name = "pool"
recipe = "pool"
at = ["1.0", "2.0"]
"""


def test_an_allocator_that_is_a_port_has_a_point_for_each_version():
    axes = Axes.of(parsed(PORTED))
    assert (axes.own, axes.ported) == ("bbuddy", ("pool@1.0", "pool@2.0"))
    whole = cells(axes, VERSIONS[:1], Filters(), "tcg", whole=True)
    assert [c.allocator for c in whole] == ["toy", "pool@1.0", "pool@2.0"]
    assert [axes.beside(c.allocator) for c in whole] == [("", ""), ("pool", "1.0"), ("pool", "2.0")]
    assert [axes.on(c) for c in whole] == ["bbuddy", "pool@1.0", "pool@2.0"]
    assert axes.name(whole[0]) == "toy-1.0.0/bbuddy/default/x86_64/16M"
    assert [axes.has(n) for n in ("pool@3.0", "lake", "toy", "bbuddy")] == [True, *[False] * 3]
    # Any other version can be asked for, and the recipe's own by either name.
    for asked, meant in (("pool@3.0", "pool@3.0"), ("pool", "pool"), ("bbuddy", "toy")):
        (one,) = cells(axes, VERSIONS[:1], Filters(allocators=(asked,)), "tcg", whole=False)
        assert (one.allocator, one.version) == (meant, "1.0.0")
    with pytest.raises(UsageError, match="no allocator 'lake'"):
        cells(axes, VERSIONS[:1], Filters(allocators=("lake",)), "tcg", whole=False)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (PORTED.replace('recipe = "pool"\n', ""), "at: expected none, since there is no recipe"),
        (PORTED.replace('name = "pool"', 'name = "bbuddy"'), "a name of its own, 'bbuddy'"),
    ],
)
def test_allocators_that_cannot_be(bad, told):
    with pytest.raises(RecipeError, match=told):
        parsed(bad)


def test_a_filter_leaves_its_points_and_one_of_the_other_axes(axes):
    filters = Filters(configurations=("paging",))
    assert cells(axes, VERSIONS, filters, "tcg", whole=False) == (
        Cell("1.0.0", "toy", "paging", "x86_64", 16, "tcg"),
        Cell("2.0.0", "toy", "paging", "x86_64", 16, "tcg"),
    )
    sizes = cells(axes, VERSIONS[:1], Filters(memory=(8, 9)), "tcg", whole=False)
    assert [c.memory for c in sizes] == [8, 9]


def test_accelerators_are_the_recipes_or_what_is_asked():
    axes = Axes.of(parsed('[matrix]\naccelerators = ["kvm", "tcg"]\n'))
    two = cells(axes, VERSIONS[:1], Filters(), "auto", whole=True)
    assert [(c.accelerator, axes.variant(c)) for c in two] == [("kvm", "kvm"), ("tcg", "tcg")]
    (one,) = cells(axes, VERSIONS[:1], Filters(), "auto", whole=False)
    assert (one.accelerator, axes.variant(one)) == ("kvm", "")
    asked = cells(axes, VERSIONS[:1], Filters(), "tcg,auto", whole=False)
    assert [c.accelerator for c in asked] == ["tcg", "auto"]
    assert len({folder_key(axes, c) for c in (*two, *asked)}) == 1


@pytest.mark.parametrize("axis", ["configurations", "architectures", "allocators"])
def test_a_name_that_no_axis_has(axes, axis):
    filters = Filters(**{axis: ("bogus",)})
    with pytest.raises(UsageError, match=f"no {axis[:-1]} 'bogus'") as told:
        cells(axes, VERSIONS, filters, "tcg", whole=True)
    assert "there is: " in told.value.hint


def test_options_are_the_recipes_and_each_points_word_counts(axes):
    base = axes.options(Cell("1.0.0", "toy", "plain", "x86_64", 16))
    assert base == Options(axes.recipe.configuration.enable, axes.recipe.configuration.disable)
    other = axes.options(Cell("", "other", "paging", "arm64", 16))
    assert set(other.enable) == {"VIRT", "PAGING", "OTHER"}
    assert (other.disable, other.values) == (("TOY",), {"STACK": 4})
    assert axes.number(Cell("", "other", "paging", "arm64", 16)) == 7
    assert axes.number(Cell("1.0.0", "toy", "paging", "arm64", 16)) is None


def test_a_cell_is_told_apart_by_what_is_not_first(axes):
    assert axes.variant(Cell("1.0.0", "toy", "plain", "x86_64", 16)) == ""
    assert axes.variant(Cell("", "other", "paging", "arm64", 32)) == "other-paging-arm64-32M"


def test_a_recipe_without_a_matrix_has_one_cell():
    recipe = msgspec.structs.replace(parsed(MATRIX), matrix=parsed("").matrix)
    found = cells(Axes.of(recipe), VERSIONS[:1], Filters(), "auto", whole=True)
    assert found == (Cell("1.0.0", "toy", "default", "x86_64", 16, "auto"),)


def test_an_architecture_that_is_none():
    with pytest.raises(UsageError, match="no architecture 'vax'"):
        Axes.of(parsed('[matrix]\narchitectures = [{ name = "vax" }]'))


@given(st.integers(1, 9))
def test_the_parts_are_the_whole_and_never_split_a_folder(count):
    axes = Axes.of(parsed(MATRIX))
    whole = cells(axes, VERSIONS, Filters(), "tcg", whole=True)

    def key(cell: Cell) -> str:
        return folder_key(axes, cell)

    parts = [shard(whole, f"{i}/{count}", key) for i in range(1, count + 1)]
    assert sorted(c.name for part in parts for c in part) == sorted(c.name for c in whole)
    keys = [{name for name, _ in grouped(part, key)} for part in parts]
    assert sum(map(len, keys)) == len(set().union(*keys))
    if count <= len(set(map(key, whole))):
        assert all(parts)


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/1000", "-1/2", "1/²"])
def test_what_is_no_part(text):
    with pytest.raises(UsageError, match="--shard"):
        shard([], text, str)

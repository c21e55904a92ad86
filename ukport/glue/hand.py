"""What people write into generated glue: kept below a line of its own, seen anywhere else.

The generated part carries a sum of itself, so a change in it is told from a change of the recipe.
"""

import hashlib
import re
from collections.abc import Mapping

MARK = "# Below this line ukport keeps what is written by hand.\n"
_SEAL = re.compile(
    r"^(# Made by ukport from the recipe of [^\s:]+?)(?:\.|: ([0-9a-f]{16}))$", re.MULTILINE
)


def split(text: str) -> tuple[str, str]:
    """The generated part, and what is written by hand, its line included."""
    generated, mark, hand = text.partition(MARK)
    return generated, mark + hand


def seal(generated: str) -> str:
    """A generated part with its own sum in its heading."""
    return _SEAL.sub(lambda heading: f"{heading[1]}: {_sum(generated)}", generated, count=1)


def ours(text: str) -> bool:
    """Whether ukport made a file, rather than somebody before it."""
    return _SEAL.search(text) is not None


def edited(text: str) -> bool:
    """Whether somebody changed the generated part; one without a sum is believed."""
    generated, _ = split(text)
    heading = _SEAL.search(generated)
    return heading is not None and heading[2] is not None and heading[2] != _sum(generated)


def joined(made: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    """New files, sealed, each with what is written by hand in the old one."""
    return {name: seal(text) + split(there.get(name, ""))[1] for name, text in made.items()}


def _sum(generated: str) -> str:
    plain = _SEAL.sub(lambda heading: f"{heading[1]}.", generated, count=1)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]

"""What the smoke test of a new port may ask the library: its version, in texts and numbers."""

import re

from ukport.workflow.survey import Survey

_INTEGER = re.compile(r"(?:(?:un)?signed|int|long|short|size_t|uint\d+_t|int\d+_t|unsigned \w+)\b")


def spoken(seen: Survey, version: str) -> tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]:
    """How the test tells the version, and the functions that it asks: texts and numbers."""
    literal = next(
        (
            name
            for name, value in sorted(seen.declared.macros.items())
            if value.strip() == f'"{version}"' and name.isidentifier() and "VERSION" in name
        ),
        "",
    )
    texts, numbers = [], []
    for name in sorted(seen.nullary):
        function = seen.declared.functions[name]
        if "version" not in name.lower():
            continue
        if re.fullmatch(r"const char ?\*", function.returns):
            texts.append((name, literal))
        elif _INTEGER.match(function.returns):
            numbers.append(name)
    told = f"{texts[0][0]}()" if texts else literal
    return told, tuple(texts), tuple(numbers)

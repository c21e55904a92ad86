"""Which of a recipe's features hold for the sources at hand."""

import re
from collections.abc import Container, Iterable, Mapping

from ukport.recipe.model import Feature
from ukport.symbols.declarations import Declarations

_GUARD = re.compile(r"^[ \t]*#[ \t]*ifndef[ \t]+(\w+)", re.MULTILINE)


def holding(
    features: Mapping[str, Feature],
    declared: Declarations,
    files: Container[str],
    headers: Iterable[str] = (),
) -> tuple[str, ...]:
    """The names of the features that hold, sorted; ``headers`` are the texts of upstream's."""
    guarded = frozenset(name for text in headers for name in _GUARD.findall(text))
    return tuple(
        sorted(n for n, feature in features.items() if _holds(feature, declared, files, guarded))
    )


def _holds(
    feature: Feature, declared: Declarations, files: Container[str], guarded: Container[str]
) -> bool:
    if feature.file is not None:
        return feature.file in files
    if feature.open_macro is not None:
        return feature.open_macro in guarded
    if feature.macro is not None:
        return feature.macro in declared.macros
    if feature.enumerator is not None:
        return feature.enumerator in declared.enumerators
    if feature.struct is not None:
        fields = declared.structs.get(feature.struct)
        return fields is not None and (feature.field is None or feature.field in fields)
    function = declared.functions.get(feature.function or "")
    return (
        function is not None
        and (feature.parameter is None or feature.parameter in function.parameters)
        and (feature.returns is None or feature.returns == function.returns)
    )

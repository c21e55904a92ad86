"""Which of a recipe's features hold for the sources at hand."""

from collections.abc import Container, Mapping

from ukport.recipe.model import Feature
from ukport.symbols.declarations import Declarations


def holding(
    features: Mapping[str, Feature], declared: Declarations, files: Container[str]
) -> tuple[str, ...]:
    """The names of the features that hold, sorted."""
    return tuple(sorted(n for n, feature in features.items() if _holds(feature, declared, files)))


def _holds(feature: Feature, declared: Declarations, files: Container[str]) -> bool:
    if feature.file is not None:
        return feature.file in files
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

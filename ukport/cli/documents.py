"""Which one document a command prints on stdout, if any."""

from collections.abc import Callable
from dataclasses import dataclass

from ukport.errors import UsageError
from ukport.report import html as pages
from ukport.report import junit as xml
from ukport.report import matrix as matrices
from ukport.report.matrix import MatrixResult
from ukport.report.result import Result, to_json


@dataclass(frozen=True)
class Form:
    """How a result and the result of a matrix are written in it."""

    result: Callable[[Result], str] = to_json
    matrix: Callable[[MatrixResult], str] = matrices.to_json


def one_document(*, json: bool, junit: bool, html: bool) -> Form | None:
    """The form that was asked for; raises UsageError for more than one."""
    asked = {"--json": json, "--junit": junit, "--html": html}
    given = [option for option, wanted in asked.items() if wanted]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)}: stdout holds one document", "ask for one of them")
    forms = {
        "--json": Form(),
        "--junit": Form(
            lambda result: xml.render([result]).rstrip(),
            lambda matrix: xml.render(matrix.cells).rstrip(),
        ),
        "--html": Form(
            lambda result: pages.render(pages.Page(pages.title_of(result), (result,))),
            lambda matrix: pages.render(matrices.page(matrix)),
        ),
    }
    return forms[given[0]] if given else None

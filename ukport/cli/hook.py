"""``ukport check`` itself, and its plainest command line, which hooks use.

Loading typer takes longer than checking 40 patches. So what pre-commit calls, file names and
``--only``, goes past it; any other option is typer's, and a test compares the two ways.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ALL = "patches,recipes,glue"


class Asked(NamedTuple):
    """The options of ``ukport check``, as its help describes them."""

    files: Sequence[Path] = ()
    fix: bool = False
    only: str = ALL
    select: str | None = None
    ignore: str | None = None
    against: str | None = None
    form: str | None = None
    color: str = "auto"
    directory: Path = Path()


def asked(arguments: Sequence[str]) -> Asked | None:
    """What ``check [--only KINDS] [FILE…]`` asks for; None for any other command line."""
    match arguments:
        case ["check", "--only", only, *files]:
            pass
        case ["check", *files]:
            only = ALL
        case _:
            return None
    if any(word.startswith("-") for word in (only, *files)):
        return None
    return Asked([Path(file) for file in files], only=only)


def check(asked: Asked) -> int:
    """Check, print what was found; 1 where one finding is more than a note."""
    import gc

    # Nothing here makes rings of objects, and to look for them takes a tenth of the time.
    gc.disable()
    from ukport.cli.findings import check as check_form
    from ukport.cli.findings import show
    from ukport.cli.places import cache
    from ukport.errors import UsageError
    from ukport.workflow import check as work
    from ukport.workflow.checkrules import all_checks, names, settings

    shown = asked.form or ("table" if sys.stdout.isatty() else "text")
    check_form(shown)
    kinds = _words(asked.only)
    if unknown := set(kinds) - set(work.KINDS):
        raise UsageError(
            f"--only {', '.join(sorted(unknown))}: not known", "use patches, recipes, glue"
        )
    here = asked.directory.absolute()
    request = work.Request(
        here=here,
        files=asked.files,
        only=kinds,
        settings=settings(here, _words(asked.select), _words(asked.ignore)),
        known=names(),
        cache=lambda: cache(offline=True),
        against=asked.against,
    )
    if asked.fix and "patches" in kinds:
        from ukport.workflow.mend import fix as mend

        mended = mend(request)
        for path in mended.written:
            sys.stderr.write(f"mended {path.name}\n")
        for path, name in mended.renamed.items():
            sys.stderr.write(f"renamed {path.name} to {name}\n")
        request = mended.after(request)
    told = [one.rule for one in all_checks()] if shown == "sarif" else ()
    return show(work.check(request), told, shown, asked.color)


def rules() -> int:
    """List the rules."""
    from ukport.workflow.checkrules import table

    sys.stdout.write(table())
    return 0


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())

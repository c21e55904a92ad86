"""Findings on stdout, in the form that was asked for."""

import sys
from collections.abc import Sequence

from ukport.errors import ExitCode, UsageError
from ukport.finding import Finding, Rule, Severity

FORMS = ("table", "text", "json", "sarif", "github")


def show(found: Sequence[Finding], rules: Sequence[Rule], form: str, color: str) -> int:
    """Print findings; the exit code is 1 where one of them is more than a note."""
    from ukport.report import findings

    check(form)
    if form == "table":
        from ukport.cli.show import console

        console(color).print(findings.table(found))
    else:
        text = {
            "text": findings.text,
            "json": findings.to_json,
            "sarif": lambda all_: findings.to_sarif(all_, rules),
            "github": findings.to_github,
        }[form](found)
        sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
    serious = any(one.severity is not Severity.NOTE for one in found)
    return ExitCode.FINDINGS if serious else ExitCode.OK


def check(form: str) -> None:
    """Raises UsageError for a form that there is not."""
    if form not in FORMS:
        raise UsageError(f"--format {form}: not known", f"use one of: {', '.join(FORMS)}")

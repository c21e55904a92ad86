"""Findings as a table for people, and as JSON, SARIF and GitHub annotations for machines."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ukport import __version__
from ukport.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

SCHEMA = "ukport.findings/1"
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def clean(text: str) -> str:
    """Text of a checked file, safe for a terminal and for UTF-8."""
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in plain
    )


def table(findings: Sequence[Finding]) -> "Group":
    """A heading for each file, a row for each finding, the cure below what it cures."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Text | Table] = []
    for file, group in groupby(findings, key=lambda finding: finding.file):
        parts += [Text(clean(file), style="bold"), _rows(tuple(group))]
    return Group(*parts, Text(tally(findings), style="dim"))


def _rows(findings: Sequence[Finding]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    rows = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    rows.add_column(justify="right", width=5, style="dim")
    rows.add_column(width=len(Severity.WARNING))
    rows.add_column(overflow="fold", style="cyan")
    rows.add_column(overflow="fold")
    for one in findings:
        words = Text(clean(one.message))
        if one.cure:
            words.append(f"\n→ {clean(one.cure)}", style="dim")
        severity = Text(one.severity, style=_STYLES[one.severity])
        rows.add_row(str(one.line or "-"), severity, one.rule, words)
    return rows


def text(findings: Sequence[Finding]) -> str:
    """A line a finding, as compilers write them, and its cure."""
    return "".join(line + "\n" for line in (*_lines(findings), tally(findings)))


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    for one in findings:
        yield f"{clean(one.place)}: {one.severity}: {clean(one.message)} [{one.rule}]"
        if one.cure:
            yield f"  → {clean(one.cure)}"


def tally(findings: Sequence[Finding]) -> str:
    """``2 errors, 1 warning``, or that nothing was found."""
    counts = [(sum(f.severity is severity for f in findings), severity) for severity in Severity]
    words = [f"{n} {severity}{'s' * (n != 1)}" for n, severity in counts if n]
    return ", ".join(words) or "nothing found"


def to_json(findings: Sequence[Finding]) -> str:
    """One document of the schema ``ukport.findings/1``."""
    told = [
        {
            "file": clean(one.file),
            "line": one.line,
            "rule": one.rule,
            "severity": str(one.severity),
            "message": clean(one.message),
            "cure": clean(one.cure),
        }
        for one in findings
    ]
    import json

    return json.dumps({"schema": SCHEMA, "findings": told}, indent=2, ensure_ascii=False)


def to_sarif(findings: Sequence[Finding], rules: Sequence[Rule] = ()) -> str:
    """One SARIF 2.1.0 log, for GitHub's code scanning and for editors.

    ``rules`` are all that were checked; one that is missing there is named by its findings.
    """
    import json

    known = {rule.id: rule for rule in rules}
    for one in findings:
        known.setdefault(one.rule, Rule(one.rule, one.severity, one.rule))
    at = {name: number for number, name in enumerate(known)}
    driver = {
        "name": "ukport",
        "version": __version__,
        "informationUri": "https://unikraft.org",
        "rules": [_rule(rule) for rule in known.values()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, at[one.rule]) for one in findings],
    }
    log = {"$schema": _SARIF, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "defaultConfiguration": {"level": str(rule.severity)},
    }


def _result(one: Finding, number: int) -> dict[str, Any]:
    from urllib.parse import quote

    place: dict[str, Any] = {"artifactLocation": {"uri": quote(clean(one.file)) or "."}}
    if one.line:
        place["region"] = {"startLine": one.line}
    return {
        "ruleId": one.rule,
        "ruleIndex": number,
        "level": str(one.severity),
        "message": {"text": clean(f"{one.message}\n{one.cure}".rstrip())},
        "locations": [{"physicalLocation": place}],
    }


def to_github(findings: Iterable[Finding]) -> str:
    """Workflow commands that GitHub shows beside the changed lines.

    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    return "".join(f"{_annotation(one)}\n" for one in findings)


def _annotation(one: Finding) -> str:
    fields = {"file": clean(one.file), "line": str(one.line or 1), "title": one.rule}
    told = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in fields.items())
    message = clean(f"{one.message}\n{one.cure}".rstrip())
    return f"::{_GITHUB[one.severity]} {told}::{_escaped(message)}"


def _escaped(value: str, more: str = "") -> str:
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{more}" else c for c in value)

import io
import json

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from ukport.finding import Finding, Rule, Severity, in_order
from ukport.report import findings as report

UNCHECKED = Rule("unchecked-archive", Severity.ERROR, "An archive is used without a check.")
FOUND = in_order(
    [
        UNCHECKED.at("Makefile.uk", 12, "LIBX_URL is fetched without a checksum", "set a sha256"),
        Finding("patches/0001-x.patch", 0, "no-subject", Severity.WARNING, "it has no subject"),
    ]
)

ESCAPED = r"^[^\s%]*(%[0-9A-F]{2}[^\s%]*)*$"
# What SARIF 2.1.0 (OASIS, sarif-schema-2.1.0.json) requires of the parts that are written here.
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"enum": ["2.1.0"]},
        "$schema": {"type": "string", "format": "uri"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "additionalProperties": False,
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "properties": {
                                                "shortDescription": {"required": ["text"]},
                                                "defaultConfiguration": {
                                                    "properties": {
                                                        "level": {
                                                            "enum": [
                                                                "none",
                                                                "note",
                                                                "warning",
                                                                "error",
                                                            ]
                                                        }
                                                    }
                                                },
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message"],
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": -1},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {
                                    "type": "object",
                                    "anyOf": [{"required": ["text"]}, {"required": ["id"]}],
                                },
                                "locations": {
                                    "type": "array",
                                    "items": {
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "properties": {
                                                            "uri": {
                                                                "type": "string",
                                                                "pattern": ESCAPED,
                                                            }
                                                        }
                                                    },
                                                    "region": {
                                                        "properties": {
                                                            "startLine": {
                                                                "type": "integer",
                                                                "minimum": 1,
                                                            }
                                                        }
                                                    },
                                                },
                                            }
                                        }
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_sarif_has_what_its_schema_requires():
    log = json.loads(report.to_sarif(FOUND, [UNCHECKED]))
    jsonschema.validate(log, SARIF)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["unchecked-archive", "no-subject"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "Makefile.uk"}, "region": {"startLine": 12}}
    assert "region" not in run["results"][1]["locations"][0]["physicalLocation"]


def test_json_says_its_schema():
    document = json.loads(report.to_json(FOUND))
    assert document["schema"] == "ukport.findings/1"
    assert document["findings"][0] == {
        "file": "Makefile.uk",
        "line": 12,
        "rule": "unchecked-archive",
        "severity": "error",
        "message": "LIBX_URL is fetched without a checksum",
        "cure": "set a sha256",
    }


def test_github_annotations_are_one_line_each():
    nasty = Finding("a,b:c.uk", 3, "r", Severity.NOTE, "100%\nof it")
    assert (
        report.to_github([nasty]) == "::notice file=a%2Cb%3Ac.uk,line=3,title=r::100%25%0Aof it\n"
    )


def test_text_and_table_name_file_line_rule_and_cure():
    out = io.StringIO()
    Console(file=out, width=100).print(report.table(FOUND))
    for shown in (report.text(FOUND), out.getvalue()):
        for word in (
            "Makefile.uk",
            "12",
            "unchecked-archive",
            "set a sha256",
            "1 error, 1 warning",
        ):
            assert word in shown
    assert report.text([]) == "nothing found\n"


findings = st.builds(
    Finding, st.text(), st.integers(0, 10**6), st.text("abc-", min_size=1),
    st.sampled_from(Severity), st.text(), st.text(),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(findings, max_size=5))
def test_hostile_text_breaks_no_rendering(found):
    found = in_order(found)
    jsonschema.validate(json.loads(report.to_sarif(found)), SARIF)
    assert len(json.loads(report.to_json(found))["findings"]) == len(found)
    assert len(report.to_github(found).splitlines()) == len(found)
    assert "\x1b" not in report.text(found)


def test_surrogates_of_a_hostile_name_are_replaced():
    bad = Finding("patches/\udcff.patch", 0, "r", Severity.ERROR, "\x1b[31m\udcfe")
    for told in (report.text([bad]), report.to_json([bad]), report.to_sarif([bad])):
        told.encode("utf-8")
        assert "\x1b" not in told

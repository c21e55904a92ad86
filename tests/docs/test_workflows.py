"""The workflows that docs/ show and that ukport writes, held to the linters of their own kind."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.cli.test_cli import ukport
from tests.docs.commands import ROOT, blocks

SHOWN = [(page, number, text) for page, number, kind, text in blocks(ROOT) if kind == "yaml"]
STYLE = {
    "extends": "default",
    "rules": {
        "document-start": "disable",
        "truthy": {"check-keys": False},  # GitHub's `on`
        "line-length": {"max": 120},
    },
}
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("check_jsonschema") is None, reason="needs `sh .ci/setup` again"
)


def schema(kind: str, file: Path) -> Result:
    """check-jsonschema with the schema that it brings along; nothing is downloaded."""
    from check_jsonschema import main

    return CliRunner().invoke(main, ["--builtin-schema", f"vendor.{kind}", str(file)])


def kind_of(text: str) -> str:
    return "github-workflows" if "jobs" in yaml.safe_load(text) else "gitlab-ci"


def test_both_are_shown():
    assert {kind_of(text) for *_, text in SHOWN} == {"github-workflows", "gitlab-ci"}


@pytest.mark.parametrize(("page", "line", "text"), SHOWN)
def test_schema_style_and_security(tmp_path, page, line, text):
    from yamllint import linter
    from yamllint.config import YamlLintConfig

    file = tmp_path / "shown.yml"
    file.write_text(text)
    done = schema(kind_of(text), file)
    assert done.exit_code == 0, f"{page}:{line}\n{done.output}"
    style = linter.run(text, YamlLintConfig(json.dumps(STYLE)))
    assert not [str(problem) for problem in style], f"{page}:{line}"
    if kind_of(text) == "github-workflows":
        zizmor = [Path(sys.executable).with_name("zizmor"), "--offline", "--no-config"]
        command = [*zizmor, "--no-progress", file]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert told.returncode == 0, f"{page}:{line}\n{told.stdout}"


def test_a_wrong_workflow_is_found(tmp_path):
    file = tmp_path / "wrong.yml"
    file.write_text("on: push\njobs:\n  a:\n    runs-at: ubuntu-24.04\n    steps: []\n")
    assert schema("github-workflows", file).exit_code == 1


def test_the_pipeline_of_a_matrix(toy, tmp_path):
    made = ukport("matrix", "toy", "--gitlab", cwd=toy.project)
    file = tmp_path / "pipeline.json"
    file.write_text(made.stdout)
    done = schema("gitlab-ci", file)
    assert done.exit_code == 0, done.output


def test_the_matrix_of_a_workflow(toy, tmp_path):
    """It stands where ``${{ fromJSON(…) }}`` puts it."""
    made = json.loads(ukport("matrix", "toy", "--github", cwd=toy.project).stdout)
    job = {"runs-on": "ubuntu-24.04", "strategy": {"matrix": made}, "steps": [{"run": "true"}]}
    file = tmp_path / "workflow.json"
    file.write_text(json.dumps({"on": "push", "jobs": {"matrix": job}}))
    done = schema("github-workflows", file)
    assert done.exit_code == 0, done.output

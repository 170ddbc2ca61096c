"""What is written twice about the project is written alike, and its YAML is YAML."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from regplug.cli import ISSUES

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read(name):
    return yaml.safe_load((ROOT / name).read_text())


def test_the_citation_is_of_this_version():
    cited = read("CITATION.cff")
    assert (cited["version"], cited["license"]) == (PROJECT["version"], PROJECT["license"])
    assert cited["repository-code"] == PROJECT["urls"]["Source"]
    assert PROJECT["urls"]["Issues"] == ISSUES
    released = f"## [{cited['version']}] - {cited['date-released']}\n"
    assert released in (ROOT / "CHANGELOG.md").read_text()


def test_pre_commit_has_the_ruff_of_ci():
    (rev,) = (
        repo["rev"]
        for repo in read(".pre-commit-config.yaml")["repos"]
        if repo["repo"].endswith("/ruff-pre-commit")
    )
    assert f"\nruff=={rev[1:]}\n" in (ROOT / "constraints.txt").read_text()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_and_names_majors(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/x@v1"))
            assert ("uses" in step) != ("run" in step)


def test_ci_runs_the_pythons_that_are_claimed():
    ci = read(".github/workflows/ci.yml")
    claimed = [found[1] for c in PROJECT["classifiers"] if (found := re.search(r":: (3\.\d+)$", c))]
    assert ci["jobs"]["quick"]["strategy"]["matrix"]["python"] == claimed
    assert PROJECT["requires-python"] == f">={claimed[0]}"

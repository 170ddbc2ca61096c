"""Recipes and modules agree with the package; what is not run anywhere says so first."""

import re
import tomllib

import pytest
import yaml

from regplug.cli.annotate import annotate
from tests.integrations.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NOT_RUN = [
    *("slivar.sh", "vep/custom.sh", "vep/Regplug.pm", "nextflow/regplug/annotate/main.nf"),
    *("wdl/regplug_annotate.wdl", "galaxy/regplug_annotate.xml", "bioconda/meta.yaml"),
    *("Dockerfile", "snakemake/environment.yaml"),
    *(f"nextflow/regplug/annotate/{name}" for name in ("environment.yml", "meta.yml")),
]
COMMANDS = [
    *("nextflow/regplug/annotate/main.nf", "wdl/regplug_annotate.wdl", "snakemake/wrapper.py"),
    *("cwl/regplug-annotate.cwl", "galaxy/regplug_annotate.xml"),
]


@pytest.mark.parametrize("name", NOT_RUN)
def test_what_is_not_run_says_so_in_its_first_line(integrations, name):
    first = (integrations / name).read_text().split("\n")[0]
    assert re.search(r"not (run|built)|Not built", first, re.IGNORECASE)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_options_are_those_of_annotate(integrations, name):
    known = {option for each in annotate.params for option in each.opts}
    text = (integrations / name).read_text()
    used = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", text))
    assert "--fasta" in used
    assert used - {"--version"} <= known


def test_the_version_is_that_of_the_package(integrations):
    for path in integrations.rglob("*"):
        text = path.read_text() if path.is_file() else ""
        for found in re.findall(r"regplug(?: ?[=:]+ ?|.*version=\")(\d+\.\d+\.\d+)", text):
            assert found == PROJECT["version"], path
    assert PROJECT["version"] in (integrations / "Dockerfile").read_text()


def test_bioconda_asks_for_what_the_package_asks_for(integrations):
    lines = (integrations / "bioconda" / "meta.yaml").read_text().split("\n")
    plain = "\n".join(line for line in lines if not line.startswith("{%"))
    recipe = yaml.safe_load(re.sub(r"\{\{.*?\}\}", "x", plain))
    wanted = [f"python {PROJECT['requires-python']}"]
    wanted += [re.sub(r"^([\w-]+)", r"\1 ", one).lower() for one in PROJECT["dependencies"]]
    assert sorted(recipe["requirements"]["run"]) == sorted(wanted)
    assert recipe["about"]["license"] == PROJECT["license"]
    name, version = (
        re.search(rf'set {key} = "(.*)"', "\n".join(lines))[1] for key in ("name", "version")
    )
    assert (name, version) == (PROJECT["name"], PROJECT["version"])


def test_yaml_is_yaml(integrations):
    for path in [*integrations.rglob("*.yml"), *integrations.rglob("environment.yaml")]:
        assert yaml.safe_load(path.read_text()), path

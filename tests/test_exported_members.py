import subprocess
import sys

import pytest

import regplug

HEAVY = "bad = {'torch', 'tritonclient'} & set(sys.modules); sys.exit(', '.join(bad) or 0)"


def test_exported_members():
    assert regplug.__all__ == [
        "Adapter",
        "Alleles",
        "Annotated",
        "Attributed",
        "Backend",
        "BackendOptions",
        "Cache",
        "Comparison",
        "FieldOptions",
        "Genome",
        "InfoField",
        "Interval",
        "Maps",
        "Marginals",
        "ModelCard",
        "OpenModel",
        "RegplugError",
        "Scores",
        "Selection",
        "Status",
        "Target",
        "Top",
        "Tracks",
        "Variant",
        "VariantEffect",
        "Verified",
        "__version__",
        "annotate",
        "attribute",
        "calibrate",
        "compare",
        "explain",
        "hookimpl",
        "list_models",
        "marginalize",
        "open_backend",
        "open_model",
        "patterns",
        "plugin_manager",
        "precompute",
        "predict",
        "score",
        "top",
        "track",
        "verify",
        "views_of",
    ]
    assert all(hasattr(regplug, name) for name in regplug.__all__)


@pytest.mark.parametrize(
    "code",
    [
        "import regplug",
        "import regplug.cli as c; sys.argv[1:] = ['-h']\ntry: c.main()\nexcept SystemExit: pass",
    ],
)
def test_neither_torch_nor_tritonclient_on_import(code):
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{HEAVY}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

"""`regplug models new`: notes for a card, to be filled in, for `regplug models import`."""

from pathlib import Path

import click

from regplug.cli.shared.options import PATH

NOTES = """\
# Notes for the card of {name}. Fill in what you know, delete the # before it, and give the file to
# regplug models import onnx | torch | keras ... --card {name}.toml

name = "{name}"

# version = "1"              # yours, of the model
# license = "MIT"            # of the weights; "not stated" if you do not know it
# notice = ""                # what the licence asks users to be told
# cite_as = "Author et al. 2024, Journal, doi:10.1000/xyz"
# assembly = "hg38"          # of the training data
# trained_on = "DNase-seq of ENCODE, chr1 and chr2 held out"
# doc = "probability of accessible chromatin"      # what the answers are

# How the network reads a sequence
# window = 600               # bases; only where the file does not tell
# layout = "ncl"             # axes, where sizes do not tell: n rows, c letters, l bases; nl: codes
# letters = "ACGT"           # order of the channels, or of the codes from 0
# unknown = 0.25             # each channel at N; some networks were trained with 0
# strand = "mean"            # or "max", of both; "forward": of RNA; "none": as it stands

# What it answers
# sigmoid = false            # true: the answers are logits, make probabilities of them
# scale = "score"            # or "probability" (0 to 1), "positive" (above 0)
# head = ""                  # the output that is wanted, where there are several
# outputs = {{ counts = "log_count", profile = "profile_logits" }}   # or those of an ONNX file

# Its targets, in order, a block each. Beside the label every key may stand that is known: these
# are found by `regplug models search`, and shown by `regplug models show`.
# [[targets]]
# label = "K562_DNase"
# cell = "K562"
# tissue = "bone marrow"
# assay = "DNase-seq"
# ontology = "EFO:0002067"   # of the cell or tissue: CL, UBERON, EFO or CLO, several with commas
# accession = "ENCFF000ABC"
"""


@click.command(short_help="Write notes for a card, to be filled in.")
@click.argument("name")
@click.option("--output", "-o", type=PATH, help="File.  [default: NAME.toml]")
def new(name: str, output: Path | None) -> None:
    """Write notes for the card of a model NAME: every key, and what it says.

    Filled in, they go to `regplug models import ... --card`; options overrule them.
    """
    from regplug.errors import OutputError
    from regplug.files.output import complete
    from regplug.hooks.about import check_name

    check_name(name)
    path = output or Path(f"{name}.toml")
    if path.exists():
        raise OutputError(f"{path} is there already: name another with -o")
    with complete(path) as partial:
        partial.write_text(NOTES.format(name=name))
    click.echo(str(path))

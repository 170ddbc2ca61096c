"""Write notebook.ipynb, executed, beside this file.

pip install nbclient ipykernel pandas matplotlib '.[motifs,parquet]'
cd examples/.. && python examples/make_notebook.py
"""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

CELLS = (
    """# Variants, models and pictures

Two promoter mutations of *TERT* make binding sites of ETS factors; one in the promoter of *LDLR*
takes a site of SP1 away. The example's FASTA holds all three; with a whole genome, give yours as
`fasta`.""",
    """>import regplug

fasta = "examples/example.hg38.fa.gz"
for card in regplug.list_models():
    print(card.name, card.window, *card.labels[:4])""",
    """## A table of variants

Any table with the columns chrom, pos, ref and alt will do; positions are 1-based.""",
    """>import pandas as pd

variants = pd.DataFrame(
    [("chr5", 1295113, "G", "A"), ("chr5", 1295135, "G", "A"), ("chr19", 11089413, "C", "T")],
    columns=["chrom", "pos", "ref", "alt"],
    index=["TERT C228T", "TERT C250T", "LDLR -136C>T"],
)
with regplug.open_model("deepbind_encode") as model:
    scores = regplug.score(variants, fasta=fasta, models=[model]).to_pandas()
factors = scores.filter(like="deepbind_encode.").drop(columns="deepbind_encode.status")
factors.columns = [name.split(".")[1] for name in factors.columns]
factors.index = variants.index
factors.round(2)""",
    """## Why

Every single-base change around the mutation, REF above ALT. The taller a letter, the more its base
matters.""",
    """>maps = regplug.explain(
    "chr5:1295113:G:A",
    model="deepbind_encode",
    targets=["GABPA"],
    fasta=fasta,
    flank=25,
    name="TERT C228T",
)
maps""",
    """## Along the promoter

The bigWigs of `regplug.track` open in IGV and at UCSC; pyBigWig reads them here.""",
    """>import tempfile

import matplotlib.pyplot as plt
import pyBigWig

tracks = regplug.track(
    "deepbind_encode",
    regions="chr5:1295000-1295300",
    fasta=fasta,
    targets=["GABPA", "SP1"],
    step=1,
    output=tempfile.mkdtemp() + "/tracks",
)
figure, axis = plt.subplots(figsize=(8, 2.5))
for track in tracks.files:
    with pyBigWig.open(str(track.path)) as file:
        values = file.values("chr5", 1295000, 1295300)
    axis.plot(range(1295001, 1295301), values, label=track.target)
axis.axvline(1295113, color="0.6", linestyle=":")
axis.set(xlabel="chr5", ylabel="score")
axis.ticklabel_format(useOffset=False, style="plain")
axis.legend(frameon=False)
figure.tight_layout()""",
)


def main() -> None:
    """Build the notebook, run it, write it."""
    here = Path(__file__).parent
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(cell[1:])
            if cell.startswith(">")
            else nbformat.v4.new_markdown_cell(cell)
            for cell in CELLS
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell{number}"
    NotebookClient(notebook, resources={"metadata": {"path": str(here.parent)}}).execute()
    for cell in notebook.cells:
        cell["metadata"] = {}
    nbformat.write(notebook, here / "notebook.ipynb")


if __name__ == "__main__":
    main()

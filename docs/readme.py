"""Write the figures of README.md: the example before and after, the table of the models.

`python docs/readme.py` rewrites the blocks between `<!-- begin NAME -->` and `<!-- end NAME -->`;
with `--check` it changes nothing and exits with 1 if one is not up to date.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from regplug.models.repository import model_names, read_card
from regplug.scoring.measured import AlongFigure

ROOT = Path(__file__).parent.parent
SHOWN = ("SORT1_rs12740374", "TERT_C228T", "HBB_deletion")
WHAT = {"auc": "peaks against their shuffles", "auc_elsewhere": "open against open elsewhere"}
AGAINST = {
    "mean AUC": "shuffles",
    "mean AUC, closed": "closed",
    "mean AUC, open elsewhere": "open elsewhere",
    "mean AUC, other_tfs": "other factors",
    "mean AUC, genome": "genome",
}
BESIDE = {"GC": "G and C", "6-mers": "6-mer regression"}
TAGS = ("RP_STATUS", "RP_TOP", "RP_Q", "RP_DEEPBIND_ENCODE__")


def example() -> str:
    """Return three records of the example before and after, with some of the tags."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.vcf")
        command = [sys.executable, "-m", "regplug", "annotate", "examples/variants.vcf"]
        command += ["--fasta", "examples/example.hg38.fa.gz", "-o", str(out)]
        command += ["--model", "basset_dhs4", "--model", "deepbind_encode"]
        subprocess.run(command, check=True, cwd=ROOT, stderr=subprocess.DEVNULL)
        after = out.read_text()
    before = (ROOT / "examples/variants.vcf").read_text()
    return "```\n" + _records(before) + "\n\n" + _records(after) + "\n```"


def models() -> str:
    """Return the table of the models in model_repo, a row each."""
    lines = ["| model | reads | AUC of each target | means |", "|---|---|---|---|"]
    for name in model_names(ROOT / "model_repo"):
        card = read_card(ROOT / "model_repo" / name)
        if card.window is None or not {"auc", "auc_elsewhere"} & card.targets[0].about.keys():
            continue
        shown = "auc_elsewhere" if "auc_elsewhere" in card.targets[0].about else "auc"
        aucs = ", ".join(f"{t.label} {float(t.about[shown]):.3f}" for t in card.targets)
        means = ", ".join(
            f"{AGAINST[kind]} {mean:.3f}"
            for kind, mean in card.metrics.items()
            if kind in AGAINST and not (kind == "mean AUC" and shown != "auc")
        )
        lines.append(f"| `{name}` | {card.window} bases | {WHAT[shown]}: {aucs} | {means} |")
    return "\n".join(lines)


def along() -> str:
    """Return the AUPRCs of the models of chromatin along chr22, from their cards."""
    scores = ["model", *BESIDE.values()]
    lines = [
        "| along chr22, which was held out: AUPRC | " + " | ".join(scores) + " |",
        "|---|" + "---:|" * len(scores),
    ]
    for name in ("open_chromatin", "basset_dhs4"):
        found = [it for it in read_card(ROOT / "model_repo" / name).along if on_chr22(it)]
        for target in dict.fromkeys(it.target for it in found):
            mine = [it for it in found if it.target == target]
            what = f"`{name}` {mine[0].sample} ({mine[0].open} of {mine[0].tiles:,} open)"
            lines.append(f"| {' | '.join([what, *(f'{it.auprc:.3f}' for it in mine)])} |")
    return "\n".join(lines)


def on_chr22(figure: AlongFigure) -> bool:
    """Tell whether a figure is of the contig that no model was trained on."""
    return list(figure.contigs) == ["chr22"]


def _records(text: str) -> str:
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return "\n".join(_record(row) for name in SHOWN for row in rows if row[2] == name)


def _record(row: list[str]) -> str:
    """Return columns 1 to 5 and 8, of our tags only some."""
    kept = [i for i in row[7].split(";") if not i.startswith("RP_") or i.startswith(TAGS)]
    dropped = len(kept) < len(row[7].split(";"))
    return "  ".join([*row[:5], ";".join(kept) + (";..." if dropped else "")])


BLOCKS: dict[str, Callable[[], str]] = {"example": example, "models": models, "along": along}


def main() -> None:
    """Rewrite README.md, or compare."""
    path = ROOT / "README.md"
    old = new = path.read_text()
    for name, block in BLOCKS.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        text = begin + block() + "\n" + end
        new = re.sub(f"{begin}.*?{end}", lambda _, t=text: t, new, flags=re.DOTALL)
    if "--check" in sys.argv:
        sys.exit(0 if new == old else "README.md is not up to date: run python docs/readme.py")
    path.write_text(new)


if __name__ == "__main__":
    main()

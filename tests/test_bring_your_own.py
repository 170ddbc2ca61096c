"""docs/bring_your_own.md, followed to the letter: somebody's PyTorch network annotates a VCF."""

import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from regplug.models.repository import read_card
from tests.toy_genomes import random_letters, write_fasta

PAGE = (Path(__file__).parents[1] / "docs" / "bring_your_own.md").read_text()


def words_of(line):
    """Return the words after the program's name."""
    return shlex.split(line)[1:]


@pytest.mark.slow
def test_the_page(regplug, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    network, golden = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    Path("their_net.py").write_text(network)
    Path("golden.py").write_text(golden)
    torch.manual_seed(1)
    runpy.run_path("golden.py")
    Path("names.txt").write_text("K562\nHepG2\n")
    letters = random_letters(400, 0)
    write_fasta(Path("hg38.fa"), {"chr1": letters})
    alt = "A" if letters[199] != "A" else "C"
    Path("variants.vcf").write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=400>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"chr1\t200\t.\t{letters[199]}\t{alt}\t.\t.\t.\n"
    )
    code = "\n".join(re.findall(r"^(?:    .*\n)+", PAGE, re.MULTILINE)).replace("\\\n", " ")
    ours = [line for line in code.splitlines() if re.search("their_net|verify", line)]
    lines = [line for line in map(words_of, ours) if line[0] in ("models", "annotate")]
    lines = [line for line in lines if line[1] != "pull"]  # of an address that is nobody's
    assert [line[:2] for line in lines] == [
        ["models", "import"], ["models", "verify"], ["annotate", "variants.vcf"],
    ]  # fmt: skip
    for line in lines:
        done = regplug(*line, *(["--snvs", "30"] if "import" in line else []))
        assert done.status == 0, done.err
    card = read_card(Path("my_models/their_net"))
    assert (card.labels, card.license, card.output_scale) == (
        ["K562", "HepG2"],
        "MIT",
        "probability",
    )
    sys.modules.pop("their_net", None)
    record = Path("out.vcf").read_text().splitlines()[-1]
    assert re.search(r"RP_THEIR_NET__TOP=(K562|HepG2)", record)
    assert 'license="MIT"' in Path("out.vcf").read_text()

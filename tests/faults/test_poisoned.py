"""A poisoned file of every kind: what a stranger may put into it, and that it is refused in a line.

Bytes at random are tests/fuzz; what servers and graphs may do stands beside this file.
"""

import gzip
import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pysam
import pytest

from tests.faults.conftest import CONTIGS, Place, snv
from tests.toy_genomes import vcf_text

SECRET = "root:x:0:0"  # what no output may hold
DEEP = "[" * 50_000
HUGE = str(10**40)
CUT_OFF = "chr1\t40000\t6\t60\t61\nchr2\t300\t40680"  # a line of a .fai


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, touched: Path) -> None:
        self._touched = touched

    def __reduce__(self):
        return Path.touch, (self._touched,)


@pytest.fixture
def annotate(place: Place, refused):
    """Return a function that annotates in.vcf with more options; it must be refused."""

    def run(*words: object, vcf: str = "in.vcf") -> str:
        line = ["annotate", place / vcf, "--fasta", place / "genome.fa", "--threads", 1]
        line += ["--model-repo", place / "models", "--model", "gc", "-o", place / "out.vcf"]
        said = refused(*line, *words)
        assert SECRET not in said
        return said

    return run


def poisoned(what: str) -> pytest.MarkDecorator:
    return pytest.mark.fault("strangers' files", what)


@poisoned("VCF: a POS that is no number, or none that htslib holds")
@pytest.mark.parametrize(("column", "text"), [(1, HUGE), (1, "-5"), (1, "1e9")])
def test_vcf(place, annotate, column, text):
    cells = snv("chr1", 30).split(" ")
    cells[column] = text
    (place / "bad.vcf").write_text(vcf_text([" ".join(cells)], CONTIGS))
    annotate(vcf="bad.vcf")


@poisoned("VCF: ##reference names a file of the machine that is no FASTA")
def test_vcf_reference(place, refused):
    secret = place / "secret.txt"
    secret.write_text(f"{SECRET}:root:/root:/bin/bash\n")
    text = vcf_text(place.lines, CONTIGS, [f"##reference=file://{secret}"])
    (place / "bad.vcf").write_text(text)
    line = ["annotate", place / "bad.vcf", "--model-repo", place / "models", "--model", "gc"]
    said = refused(*line, "-o", place / "out.vcf")
    assert SECRET not in said
    assert "secret.txt" in said


@poisoned("VCF.gz: a block whose check sum is another's")
def test_vcf_gz(place, annotate):
    pysam.tabix_compress(str(place / "in.vcf"), str(place / "bad.vcf.gz"))
    data = bytearray((place / "bad.vcf.gz").read_bytes())
    size = int.from_bytes(data[16:18], "little") + 1
    data[size - 8 : size - 4] = bytes(4)
    (place / "bad.vcf.gz").write_bytes(data)
    annotate(vcf="bad.vcf.gz")


@poisoned("BED: coordinates that no computer counts to, and digits that are none")
@pytest.mark.parametrize("cell", [HUGE, "²", "-1", "١"])
def test_bed(place, annotate, cell):
    pysam.tabix_compress(str(place / "in.vcf"), str(place / "in.vcf.gz"))
    pysam.tabix_index(str(place / "in.vcf.gz"), preset="vcf")
    (place / "bad.bed").write_text(f"chr1\t{cell}\t{cell}\n")
    said = annotate("--regions-file", place / "bad.bed", vcf="in.vcf.gz")
    assert "bad.bed, line 1" in said


@poisoned("GTF: coordinates that no computer counts to")
@pytest.mark.parametrize("cell", [HUGE, "²"])
def test_gtf(place, annotate, cell):
    (place / "bad.gtf").write_text(f"chr1\tx\tgene\t1\t{cell}\t.\t+\t.\tid\n")
    assert "bad.gtf" in annotate("--genes", place / "bad.gtf")


@poisoned("FASTA: an index whose lines have no bases, or more than a file can hold")
@pytest.mark.parametrize("row", ["chr1\t40000\t6\t0\t0", f"chr1\t{HUGE}\t6\t60\t61", CUT_OFF])
def test_fai(place, annotate, row):
    (place / "genome.fa.fai").write_text(row + "\n")
    annotate()


@poisoned("card.json: nested 50,000 deep")
@pytest.mark.parametrize("content", [DEEP, '{"name": ' + DEEP, '{"metrics": {"x": ' + DEEP])
def test_card(place, annotate, content):
    (place.model / "card.json").write_text(content)
    assert "gc" in annotate()


@poisoned("golden.json: no scores, nested 50,000 deep, or numbers that are none")
@pytest.mark.parametrize(
    "content",
    [DEEP, '{"sequences": ' + DEEP, '{"sequences": ["A"], "scores": [[1e999]]}', "{}"],
)
def test_golden(place, regplug, content):
    (place.model / "golden.json").write_text(content)
    done = regplug("models", "verify", "--model-repo", place / "models")
    assert done.status == 1
    assert done.out.count("FAILED") == done.out.count("\n") == 1, done


@poisoned("config.pbtxt: without the lines that the card promises")
@pytest.mark.parametrize("content", ["", 'name: "gc"\n' * 1000, "\x00" * 100])
def test_config(place, regplug, content):
    (place.model / "config.pbtxt").write_text(content)
    done = regplug("models", "verify", "--model-repo", place / "models")
    assert done.status == 1
    assert "config.pbtxt lacks" in done.out


@poisoned("recipe: TOML that is nested deep, or of another type, or unknown")
@pytest.mark.parametrize("content", ["a = " + DEEP, "epochs = 'x'", "unknown = 1", "\x00", "= 1"])
@pytest.mark.parametrize("form", ["basset", "deepbind"])
def test_recipe(place, refused, content, form):
    pytest.importorskip("torch")
    (place / "bad.toml").write_text(content)
    said = refused("train", form, place / "bad.toml", place / "set", "-o", place / "run")
    assert "bad.toml" in said


@poisoned("set of sequences: an array that runs code when it is unpickled")
@pytest.mark.parametrize("form", ["array", "pickle", "zip"])
def test_npy(place, form):
    from regplug.data.sets.training import read_set
    from regplug.errors import DataError
    from tests.fuzz.readers import write_set

    write_set(None, place.folder)
    evil, raw = Evil(place / "touched"), io.BytesIO()
    if form == "array":
        np.save(raw, np.array([evil] * 6, object), allow_pickle=True)
    elif form == "pickle":
        raw.write(pickle.dumps(evil))
    else:
        with zipfile.ZipFile(raw, "w") as file:
            file.writestr("codes.npy", pickle.dumps(evil))
    (place / "set/codes.npy").write_bytes(raw.getvalue())
    with pytest.raises(DataError, match=r"codes\.npy"):
        read_set(place / "set")
    assert not (place / "touched").exists()


@poisoned("signal of windows: an .npz that runs code when it is unpickled")
def test_npz(place):
    pytest.importorskip("h5py")
    from regplug.errors import DataError
    from tests.fuzz.readers import WINDOW, npz

    evil = np.array([[[Evil(place / "touched")]]], object)
    np.savez(place / "signal.npz", windows=np.array([WINDOW]), signal=evil)
    with pytest.raises(DataError, match=r"signal\.npz"):
        npz(place.folder)
    assert not (place / "touched").exists()


@poisoned("weights: a state dict that runs code when it is unpickled")
def test_state_dict(place, refused):
    torch = pytest.importorskip("torch")
    torch.save({"0.weight": Evil(place / "touched")}, place / "bad.pth")
    said = refused("models", "import", "basset", place / "bad.pth", "-o", place / "repo")
    assert "bad.pth" in said
    assert not (place / "touched").exists()


@poisoned("MEME: a matrix that says it has more rows than the file")
@pytest.mark.parametrize("width", ["9999999", HUGE])
def test_meme(place, width):
    from regplug.errors import MotifError
    from regplug.motifs.meme import read_meme

    (place / "bad.meme").write_text(
        "MEME version 5\n\nALPHABET= ACGT\n\nMOTIF a\nletter-probability matrix: "
        f"alength= 4 w= {width}\n0.25 0.25 0.25 0.25\n"
    )
    with pytest.raises(MotifError, match=r"bad\.meme"):
        read_meme(place / "bad.meme")


@poisoned("Keras: an architecture with code in a Lambda layer, or nested 50,000 deep")
@pytest.mark.parametrize("content", ["lambda", DEEP])
def test_keras(place, content):
    pytest.importorskip("h5py")
    from regplug.errors import ModelError
    from regplug.models.keras.reading import read_keras
    from tests.fuzz.readers import write_keras

    write_keras(None, place.folder)
    if content == "lambda":
        architecture = json.loads((place / "net.json").read_bytes())
        layer = {"class_name": "Lambda", "config": {"name": "l", "function": ["4wEAAAA", None]}}
        architecture["config"]["layers"].insert(1, layer)
        content = json.dumps(architecture)
    (place / "net.json").write_text(content)
    with pytest.raises(ModelError, match=r"net\.json|Lambda"):
        read_keras(place / "net.json", place / "net.h5")


@poisoned("db.tsv: an ID that leads out of the folder")
@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "params/../../secret"])
def test_index_of_published_models(place, name):
    from regplug.errors import ModelError
    from regplug_deepbind.importer import choose, import_deepbind, read_index
    from tests.fuzz.world import INDEX

    (place / "params").mkdir()
    (place / "secret.txt").write_text(SECRET)
    (place / "LICENSE.TXT").write_text("BSD")
    (place / "db.tsv").write_text(INDEX.replace("D00001.001", name))
    with pytest.raises(ModelError) as error:
        import_deepbind(place.folder, choose(read_index(place.folder)), place / "r", name="x")
    assert SECRET not in str(error.value)


@poisoned("db.tsv: a line that is cut off, or has a column more")
@pytest.mark.parametrize("end", ["\tx\n", ""])
def test_lines_of_the_index(place, end):
    from regplug.errors import ModelError
    from regplug_deepbind.importer import read_index
    from tests.fuzz.world import INDEX

    (place / "db.tsv").write_text((INDEX[:-1] if end else INDEX[:-5]) + end)
    with pytest.raises(ModelError, match=r"the line of D00001\.001 has other columns"):
        read_index(place.folder)


@poisoned("gzip: a file that is cut off, or unpacks to a thousand times its size")
@pytest.mark.parametrize("bomb", [False, True])
def test_gzip(place, annotate, bomb):
    pysam.tabix_compress(str(place / "in.vcf"), str(place / "in.vcf.gz"))
    pysam.tabix_index(str(place / "in.vcf.gz"), preset="vcf")
    zeros = gzip.compress(bytes(2**20), 9) * (64 if bomb else 1)
    (place / "bad.bed.gz").write_bytes(zeros if bomb else zeros[:-9])
    annotate("--regions-file", place / "bad.bed.gz", vcf="in.vcf.gz")


@poisoned(
    "a name of a file that no file can have, in a VCF, a configuration, a table and a command"
)
@pytest.mark.parametrize("where", ["reference", "settings", "samples", "command"])
def test_names_of_files(place, refused, where, monkeypatch):
    long = "A" * 5000
    line = ["annotate", place / "in.vcf", "--model-repo", place / "models", "--model", "gc"]
    if where == "reference":
        header = [f"##reference=file:///{long}"]
        (place / "in.vcf").write_text(vcf_text(place.lines, CONTIGS, header))
    elif where == "settings":
        monkeypatch.setenv("XDG_CONFIG_HOME", str(place.folder))
        (place / "regplug").mkdir()
        (place / "regplug/config.toml").write_text(f'fasta = "{long}"\n')
    elif where == "samples":
        pytest.importorskip("h5py")
        (place / "samples.tsv").write_text(f"a\t{long}.bed\n")
        line = ["prepare", "basset", place / "samples.tsv", "--fasta", place / "genome.fa"]
    else:
        line[1] = long
    said = refused(*line, "-o", place / "out.vcf")
    assert "no file can have a name as long as" in said
    assert len(said) < 1000


@poisoned("FASTA.gz: a .gzi with offsets that no computer counts to")
def test_gzi(place, refused):
    pysam.tabix_compress(str(place / "genome.fa"), str(place / "genome.fa.gz"))
    pysam.faidx(str(place / "genome.fa.gz"))
    np.array([1, 2**62, 100], "<u8").tofile(place / "genome.fa.gz.gzi")  # one block: where, of what
    line = ["annotate", place / "in.vcf", "--fasta", place / "genome.fa.gz", "--model", "gc"]
    said = refused(*line, "--model-repo", place / "models", "-o", place / "out.vcf")
    assert "index it again" in said


@poisoned("contributions: an array that is kept in another file")
def test_contributions(tmp_path):
    h5py = pytest.importorskip("h5py")
    from regplug.errors import DataError
    from regplug.interpret.attribute.file import read_contributions

    (tmp_path / "secret").write_text("root:x:0:0")
    with h5py.File(tmp_path / "some.h5", "w") as file:
        outside = [(str(tmp_path / "secret"), 0, 8)]
        file.create_dataset("raw/seq", (1, 4, 2), "i1", external=outside)
        file["shap/seq"] = np.zeros((1, 4, 2), np.float16)
    with pytest.raises(DataError, match="kept elsewhere"):
        read_contributions(tmp_path / "some.h5")

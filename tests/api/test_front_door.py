"""What a notebook gets is what the command line writes."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import regplug
from regplug.errors import (
    ConfigError,
    GenomeError,
    MissingLibraryError,
    ModelError,
    RegionError,
    SequenceError,
    VariantFileError,
)
from tests.toy_genomes import random_letters, vcf_text, write_fasta

CONTIGS = {"chr1": random_letters(400, seed=3), "chr2": random_letters(200, seed=4)}
PLACES = (("chr1", 100), ("chr1", 250), ("chr2", 90))


def other(base: str) -> str:
    return {"A": "C", "C": "G", "G": "T", "T": "A"}[base]


@pytest.fixture
def fasta(tmp_path):
    return write_fasta(tmp_path / "genome.fa", CONTIGS)


@pytest.fixture
def variants():
    """Return SNVs as (chrom, pos, ref, alt), pos 1-based."""
    bases = [CONTIGS[chrom][pos - 1] for chrom, pos in PLACES]
    return [(chrom, pos, ref, other(ref)) for (chrom, pos), ref in zip(PLACES, bases, strict=True)]


@pytest.fixture
def vcf(tmp_path, variants):
    path = tmp_path / "in.vcf"
    records = [f"{chrom} {pos} . {ref} {alt} . . ." for chrom, pos, ref, alt in variants]
    path.write_text(vcf_text(records, CONTIGS))
    return path


@pytest.fixture
def score(fasta, toy_repo):
    def run(given, **options):
        options = {"models": ["gc"]} | options
        return regplug.score(given, fasta=fasta, repo=str(toy_repo), **options)

    return run


def test_every_form_of_variants_gives_the_same_table(score, variants, vcf):
    columns = dict(zip(("chrom", "pos", "ref", "alt"), zip(*variants, strict=True), strict=True))
    upper = {f"#{name}" if name == "chrom" else name.upper(): c for name, c in columns.items()}
    pandas = pytest.importorskip("pandas")
    table = score(variants)
    forms = [
        [regplug.Variant(*variant) for variant in variants],
        [":".join(map(str, variant)) for variant in variants],
        pa.table(columns),
        pandas.DataFrame(columns),
        pandas.DataFrame(upper | {"extra": 1}),
        str(vcf),
        vcf,
        (variant for variant in variants),
    ]
    for form in forms:
        assert score(form).equals(table)
    assert score(":".join(map(str, variants[0]))).equals(table.slice(0, 1))
    assert score(regplug.Variant(*variants[0])).equals(table.slice(0, 1))


def test_the_table_is_the_matrix_of_annotate(score, variants, vcf, fasta, toy_repo, tmp_path):
    both = ["gc", "centre"]
    done = regplug.annotate(
        vcf,
        fasta=fasta,
        output=tmp_path / "out.vcf",
        matrix=tmp_path / "m.parquet",
        models=both,
        repo=str(toy_repo),
    )
    assert done.tally.alts == 3
    matrix = pyarrow.parquet.read_table(tmp_path / "m.parquet").drop_columns(["id"])
    assert score(variants, models=both).equals(matrix)


def test_scores_by_hand(score, variants):
    """The first target of the toy model counts the G and C in its window."""
    first = score(variants).column(6).to_pylist()
    assert first == [(alt in "GC") - (ref in "GC") for _, _, ref, alt in variants]


def test_a_variant_without_a_score_has_a_reason_and_no_number(score, variants):
    chrom, pos, ref, alt = variants[0]
    table = score([(chrom, pos, alt, ref), ("chrX", 5, "A", "C"), (chrom, pos, ref, "<DEL>")])
    assert table["status"].to_pylist() == ["ref_mismatch", "unknown_contig", "symbolic"]
    assert all(column.null_count == 3 for column in table.columns[6:])


def test_no_variants_make_an_empty_table(score):
    table = score([])
    assert table.num_rows == 0
    assert table.column_names[:5] == ["chrom", "pos", "ref", "alt", "status"]


def test_targets_choose_the_columns(score, variants):
    labels = [name.partition(".")[2] for name in score(variants).column_names[6:]]
    table = score(variants, targets=[f"gc:{labels[1]}"])
    assert table.column_names[5:] == ["gc.status", f"gc.{labels[1]}"]
    assert table.column(6).equals(score(variants).column(7))


def test_an_open_model_serves_many_calls_and_stays_open(score, variants, toy_repo):
    with regplug.open_model("gc", repo=str(toy_repo)) as model:
        first, second = score(variants, models=[model]), score(variants, models=[model])
        assert first.equals(second)
        window = model.card.window
        assert model.predict(["G" * window, "A" * window])[:, 0].tolist() == [window, 0]


def test_predict_sequences(toy_repo):
    with regplug.open_model("gc", repo=str(toy_repo)) as model:
        half = "GA" * model.card.window
        table = regplug.predict(["C" * model.card.window, half[: model.card.window]], model=model)
        codes = np.full((1, model.card.window), 2, np.uint8)
        assert model.predict(codes)[0, 0] == model.card.window
    assert table["name"].to_pylist() == ["1", "2"]
    assert table.column(1).to_pylist()[0] == 21


def test_predict_reads_a_bed(toy_repo, fasta, tmp_path):
    """A region's score is that of the model's window around (start + end) // 2."""
    bed = tmp_path / "in.bed"
    bed.write_text("chr1\t100\t140\tfirst\nchr2\t50\t51\n")
    with regplug.open_model("gc", repo=str(toy_repo)) as model:
        width = model.card.window
        starts = [120 - width // 2, 50 - width // 2]
        cut = [CONTIGS["chr1"][starts[0] :][:width], CONTIGS["chr2"][starts[1] :][:width]]
        table = regplug.predict(bed, model=model, fasta=fasta)
        assert table["name"].to_pylist() == ["first", "chr2:51-51"]
        np.testing.assert_array_equal(
            np.stack([c.to_numpy() for c in table.columns[1:]], axis=1), model.predict(cut)
        )


def test_a_bed_in_unknown_bases_has_no_score(toy_repo, tmp_path):
    fasta = write_fasta(tmp_path / "holed.fa", {"c": "ACGT" * 30 + "N" * 100})
    bed = tmp_path / "in.bed"
    bed.write_text("c\t60\t61\nc\t180\t181\n")
    table = regplug.predict(bed, model="gc", fasta=fasta, repo=str(toy_repo))
    assert table.column(1).is_null().to_pylist() == [False, True]
    out = tmp_path / "out.tsv"
    assert regplug.predict(bed, model="gc", fasta=fasta, repo=str(toy_repo), output=out) is None
    assert out.read_text().splitlines()[2].split("\t")[1] == "."


def test_track_writes_what_predict_says(toy_repo, fasta, tmp_path):
    import pyBigWig

    made = regplug.track(
        "gc", regions="chr1:101-140", fasta=fasta, output=tmp_path / "t", step=1, repo=str(toy_repo)
    )
    with pyBigWig.open(str(made.files[0].path)) as file:
        values = file.values("chr1", 100, 140)
    with regplug.open_model("gc", repo=str(toy_repo)) as model:
        width = model.card.window
        column = width // 2 - 1 if width % 2 == 0 else width // 2
        cut = [CONTIGS["chr1"][base - column :][:width] for base in range(100, 140)]
        np.testing.assert_allclose(values, model.predict(cut)[:, 0], rtol=1e-6)


@pytest.mark.slow
def test_explain_draws_in_a_notebook(toy_repo, fasta, variants, tmp_path):
    pytest.importorskip("matplotlib")
    made = regplug.explain(
        regplug.Variant(*variants[0]), model="gc", fasta=fasta, repo=str(toy_repo), flank=10
    )
    assert made._repr_png_().startswith(b"\x89PNG")
    assert (made.write(tmp_path / "maps") / "map.tsv").is_file()
    again = regplug.explain(
        ":".join(map(str, variants[0])), model="gc", fasta=fasta, repo=str(toy_repo), flank=10
    )
    ref, other_ref = made.shown[0].explanation.ref, again.shown[0].explanation.ref
    np.testing.assert_array_equal(ref.differences, other_ref.differences)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("chr1:abc", "no variant and no file"),
        ("nowhere.vcf", "no file nowhere.vcf"),
        ([("chr1", 5, "A")], "row 1 is no variant"),
        ([("chr1", 5, "A", "C"), ("chr1", 5.5, "A", "C")], "row 2 is no variant"),
        ([("chr1", 5, "A", None)], "row 1 is no variant"),
        ([3], "row 1 is no variant"),
        (pa.table({"chrom": ["1"], "pos": [1], "ref": ["A"]}), "no column alt"),
    ],
)
def test_what_is_no_variant_is_named(score, given, message):
    with pytest.raises(VariantFileError, match=message):
        score(given)


def test_what_is_missing_is_named(score, variants, fasta, toy_repo, tmp_path):
    with pytest.raises(ModelError, match="no target X"):
        score(variants, targets=["X"])
    with pytest.raises(ModelError, match="no model X"):
        score(variants, models=["X"])
    with pytest.raises(GenomeError, match="no reference FASTA"):
        regplug.score(variants, models=["gc"], repo=str(toy_repo))
    with pytest.raises(SequenceError, match="reads"):
        regplug.predict(["ACGT"], model="gc", repo=str(toy_repo))
    with pytest.raises(RegionError, match="path of a BED"):
        regplug.predict(["ACGT"], model="gc", repo=str(toy_repo), fasta=fasta)
    with pytest.raises(ConfigError, match="give --regions"):
        regplug.track("gc", output=tmp_path / "t", repo=str(toy_repo), fasta=fasta)
    with pytest.raises(ConfigError, match="no view atlas"):
        regplug.track("gc", output=tmp_path / "t", whole=True, views=["atlas"])


def test_a_missing_library_names_its_extra(score, variants, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        MissingLibraryError, match=r"needs pyarrow: pip install 'regplug\[parquet\]'"
    ):
        score(variants)


def test_import_loads_nothing_heavy():
    code = (
        "import sys, regplug; bad = {'numpy', 'pysam', 'onnx', 'onnxruntime', 'torch', 'click'};"
        "sys.exit(', '.join(bad & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

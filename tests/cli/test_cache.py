"""`--cache`: what is in the file is not computed, and the output is the same, byte for byte."""

import pytest

import regplug as front
from regplug.models.embedded import Embedded


@pytest.fixture
def records(world):
    """Return SNVs, two of them at one place, and an insertion and a deletion."""
    made = [world.snv("chr1", pos) for pos in range(20, 400, 7)]
    base = world.base("chr1", 404)
    others = sorted({*"ACGT"} - {base})
    made += [f"chr1 404 . {base} {alt} . . ." for alt in others[:2]]
    made += [f"chr1 411 . {world.base('chr1', 411)} {world.base('chr1', 411)}ACG . . ."]
    return [*made, f"chr2 40 . {world.base('chr2', 40, 3)} {world.base('chr2', 40)} . . ."]


@pytest.fixture
def rows(monkeypatch):
    """Return a list of how many rows models were asked for."""
    counts = []
    plain = Embedded._answers

    def counted(self, codes, outputs):
        counts.append(len(codes))
        return plain(self, codes, outputs)

    monkeypatch.setattr(Embedded, "_answers", counted)
    return counts


def records_of(path):
    return [line for line in path.read_text().splitlines() if not line.startswith("##regplug_c")]


def test_the_same_bytes_with_and_without(world, annotate, records, rows):
    vcf, cache = world.vcf("in.vcf", records), world.folder / "kept"
    models = ("--model", "place")
    plain, filled, again = (world.folder / f"{name}.vcf" for name in ("plain", "filled", "again"))
    assert annotate(vcf, "-o", plain, *models).status == 0
    computed = sum(rows)
    first = annotate(vcf, "-o", filled, *models, "--cache", cache)
    assert first.err == f"0 of {computed} predictions were in {cache}\n"
    assert sum(rows) == 2 * computed
    second = annotate(vcf, "-o", again, *models, "--cache", cache)
    assert second.err == f"{computed} of {computed} predictions were in {cache}\n"
    assert sum(rows) == 2 * computed
    assert records_of(plain) == records_of(filled) == records_of(again)
    assert annotate(vcf, "-q", "-o", again, "--cache", cache).err == ""


def test_a_ref_that_two_records_share_is_computed_once(world, annotate, records, rows):
    both = [record for record in records if record.startswith("chr1 404 ")]
    assert annotate(world.vcf("in.vcf", both), "-o", world.folder / "out.vcf").status == 0
    assert sum(rows) == 3  # one REF, two ALTs


def test_verify_takes_it_too(world, annotate, records, rows, regplug):
    vcf, out, cache = world.vcf("in.vcf", records), world.folder / "out.vcf", world.folder / "kept"
    assert annotate(vcf, "-o", out, "--cache", cache).status == 0
    place = ("--fasta", world.fasta, "--model-repo", world.repo, "--cache", cache)
    rows.clear()
    done = regplug("verify", out, "--all", *place)
    assert (done.status, sum(rows)) == (0, 0)
    assert done.err.endswith("all as the header promises\n")


def test_in_python(world, records, rows):
    vcf = world.vcf("in.vcf", records)
    call = {"fasta": world.fasta, "models": ["gc"], "repo": str(world.repo)}
    with front.Cache(world.folder / "kept") as cache:
        first = front.score(vcf, **call, cache=cache)
        rows.clear()
        assert front.score(vcf, **call, cache=cache).equals(first)
        assert not rows
        assert cache.found


def test_a_damaged_one_is_refused_and_nothing_written(world, annotate, records):
    vcf, out, cache = world.vcf("in.vcf", records), world.folder / "out.vcf", world.folder / "kept"
    assert annotate(vcf, "-o", out, "--cache", cache).status == 0
    out.unlink()
    cache.write_bytes(cache.read_bytes()[:-3000])
    done = annotate(vcf, "-o", out, "--cache", cache)
    assert done.status == 1
    assert done.err.startswith(f"regplug: the cache {cache} is damaged (database disk image is ")
    assert done.err.endswith("remove it, or name another (--cache)\n")
    assert not out.exists()
    done = annotate(vcf, "-o", out, "--cache", world.fasta)
    assert done.err.startswith(f"regplug: {world.fasta} is no cache of regplug: name another file")

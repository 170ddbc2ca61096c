import pytest

from regplug.errors import ConfigError, GenomeError
from regplug.genome.reference import Config, check_build, config_path, find_fasta, read_config


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Return a function that writes the user's configuration."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def write(text):
        config_path().parent.mkdir(parents=True, exist_ok=True)
        config_path().write_text(text)

    return write


def test_the_five_places_in_order(tmp_path, monkeypatch, config):
    home = tmp_path / "genomes"
    (home / "hg38").mkdir(parents=True)
    genomepy = home / "hg38" / "hg38.fa"
    named = tmp_path / "named by header.fa"
    lines = {"reference": f"file://{tmp_path}/named%20by%20header.fa"}
    with pytest.raises(GenomeError):
        find_fasta(None, lines, build="hg38")
    monkeypatch.setenv("GENOMES_DIR", str(home))
    genomepy.touch()
    assert find_fasta(None, lines, build="hg38") == str(genomepy)
    named.touch()
    assert find_fasta(None, lines, build="hg38") == str(named)
    config('fasta = "of config.fa"')
    assert find_fasta(None, lines, build="hg38") == "of config.fa"
    monkeypatch.setenv("REGPLUG_FASTA", "of environment.fa")
    assert find_fasta(None, lines) == "of environment.fa"
    assert find_fasta("given.fa", lines) == "given.fa"


def test_a_reference_line_with_a_plain_path(tmp_path):
    (tmp_path / "a.fa").touch()
    assert find_fasta(None, {"reference": str(tmp_path / "a.fa")}) == str(tmp_path / "a.fa")


@pytest.mark.parametrize("build", ["", "../../etc", "nope"])
def test_none_found(build):
    with pytest.raises(GenomeError, match=r"(?s)1\. --fasta.*5\. .*genomepy"):
        find_fasta(None, {"reference": "http://example.org/x.fa"}, build=build)


def test_config(config):
    assert read_config() == Config()
    config('fasta = "a.fa"\nmodel_repo = "models"\n')
    assert read_config() == Config("a.fa", "models")


@pytest.mark.parametrize("text", ["fasta = 1", 'colour = "red"', "fasta"])
def test_a_bad_config(config, text):
    config(text)
    with pytest.raises(ConfigError, match=r"config\.toml.*keys fasta and model_repo"):
        read_config()


def test_check_build(genome_of):
    genome = genome_of(chr1="ACGT", chr2="AC")
    check_build(genome, {"chr1": 4, "2": 2, "chr2": None, "chr3": 9})
    with pytest.raises(
        GenomeError, match=r"chr2 has 3 bases in the input's header and 2 .*--force"
    ):
        check_build(genome, {"chr1": 4, "chr2": 3})


def test_a_fasta_without_any_contig_of_the_input(genome_of):
    genome = genome_of(chr20="ACGT")
    with pytest.raises(GenomeError, match=r"no contig of the input \(chr1 \.\.\.\) is in .*chr20"):
        check_build(genome, {"chr1": 4, "chr5": None})
    check_build(genome, {"chr1": 4, "20": 4})
    check_build(genome, {})

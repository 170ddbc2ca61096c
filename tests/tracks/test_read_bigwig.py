"""Reading bigWigs of others: a damaged one takes neither the run nor the next file with it."""

from pathlib import Path

import numpy as np
import pytest

from regplug.errors import DataError
from regplug.genome.variant import Interval
from regplug.tracks.read_bigwig import BigWig, Reading
from tests.toy_bigwigs import write_bigwig

CRASH = Path(__file__).parents[1] / "fuzz/corpus/bigwig/crash"  # pyBigWig alone: SIGSEGV


@pytest.mark.fault("damaged files", "a bigWig on which libBigWig crashes, beside a sound one")
def test_a_crash_is_an_error(tmp_path, genome_of):
    genome = genome_of(chr1="A" * 403, chr2="C" * 150)
    runs = [("chr1", 10, 20, 1.5), ("chr2", 0, 5, -2)]
    sound = write_bigwig(tmp_path / "a.bw", runs, {"chr1": 403, "chr2": 150})
    with Reading() as reading:
        for _ in range(2):
            with pytest.raises(DataError, match="crash is damaged"):
                BigWig(CRASH, genome, reading).values(Interval("chr1", 0, 403))
            with BigWig(sound, genome, reading) as file:
                assert np.nansum(file.values(Interval("chr1", 5, 403))) == 15
                assert file.values(Interval("chr2", 4, 6)).tolist()[0] == -2
    with BigWig(sound, genome) as file:  # with a process of its own
        assert np.nanmax(file.values(Interval("chr1", 0, 403))) == 1.5

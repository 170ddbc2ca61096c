"""Small bigWigs."""

import pyBigWig

SIZES = {"chr1": 4000, "chr2": 2500, "chr3": 1500}


def write_bigwig(path, runs, sizes=SIZES):
    """Write (contig, start, end, value) to a bigWig."""
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader(list(sizes.items()))
        for name in sizes:
            rows = [run for run in runs if run[0] == name]
            if rows:
                contigs, starts, ends, values = map(list, zip(*rows, strict=True))
                file.addEntries(contigs, starts, ends=ends, values=[float(v) for v in values])
    return path

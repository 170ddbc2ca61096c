"""Tiles along a genome, word for word: slow, base by base, with sets."""


def literal_tiles(contigs, regions, samples, *, length, step, centre, label, share=0.5):
    """Return (contig, start, open samples) of all tiles of which half the bases are known.

    Args:
        contigs: name → letters.
        regions: (contig, start, end), apart from each other.
        samples: name → peaks (contig, start, end, summit); summit counted from the start.
        length: bases of a tile.
        step: bases to the next.
        centre: bases in its middle.
        label: summit or overlap.
        share: of the centre.
    """
    found = []
    for contig, low, high in regions:
        start = low
        while start + length <= high:
            letters = contigs[contig][start : start + length]
            if sum(letter in "ACGTacgt" for letter in letters) * 2 >= length:
                margin = (length - centre) // 2
                middle = set(range(start + margin, start + margin + centre))
                opened = ""
                for name, peaks in samples.items():
                    near = [
                        p
                        for p in peaks
                        if p[0] == contig and p[1] < start + length and p[2] > start
                    ]
                    if label == "summit":
                        is_open = any(s + summit in middle for _, s, _, summit in near)
                    else:
                        covered = {base for _, s, e, _ in near for base in range(s, e)} & middle
                        is_open = len(covered) > 0 and len(covered) >= share * centre
                    opened += name * is_open
                found.append((contig, start, opened))
            start += step
    order = list(contigs)
    return sorted(found, key=lambda tile: (order.index(tile[0]), tile[1]))

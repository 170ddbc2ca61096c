"""What each base of many sequences adds to a model's score: contributions.

`mutagenesis` makes them by changing every base, with any model; `gradients` (on `network`, `layers`
and `rules`, which need torch) by DeepLIFT or gradients of a graph. `file` writes them, as an HDF5
file per target, and reads them; `bigwigs` writes them along the genome.
"""

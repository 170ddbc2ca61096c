"""What each base of many sequences adds to a model's score: contributions.

`mutagenesis` makes them by changing every base, with any model; `gradients` by DeepLIFT or
gradients of a graph, through torch (`network`, of `letters`, `layers` and `rules`). `writer` writes
them, as an HDF5 file per target, and `file` reads them; `along` writes them along the genome.
"""

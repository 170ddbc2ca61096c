"""Sites for Basset: codes, 0/1 targets and parts in one HDF5 file, and how they are made.

`sites.Sites` reads the file, `writer.SitesWriter` writes it, and `parts` says which sites are for
training, validation and the test. Three make such a file: `from_peaks.prepare_basset` of samples'
peaks (`samples`, `spill`, `merge`, `summary`), `from_genome.prepare_along` of tiles along a genome
(`tiles`, `ground`, `tiled`, `signals`, `drawn`), and `from_table.prepare_table` of a table of
sequences and labels, perhaps with closed tiles (`labelled`, `closed`). `join.join_sites` makes one
of several. `windows` reads windows of a genome and cuts random pieces.
"""

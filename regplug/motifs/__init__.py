"""Motifs as position frequency matrices: files, pictures, and where they fit.

`motif.Motif` is the matrix, and `motif_of` makes one of aligned sequences; `meme` reads and writes
MEME files, `logos` draws. `matches` compares motifs with known ones (`jaspar`) by TomTom, `hits`
finds known motifs at a variant by FIMO. `sites` puts motifs into sequences, and `named` finds them
by name.
"""

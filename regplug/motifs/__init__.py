"""Motifs: MEME files, logos, matches in JASPAR, and hits in sequences."""

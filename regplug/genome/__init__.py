"""Bases and coordinates: codes, Variant and Interval, FASTA, regions, haplotypes, transcripts.

Only `variant` converts between 1-based and 0-based positions.
"""

"""Sequences as users have them: FASTA, FASTQ, tables of peaks, BED with a genome."""

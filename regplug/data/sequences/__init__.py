"""Sequences as users have them: FASTA, FASTQ, tables of peaks, BED with a genome.

`records` reads FASTA and FASTQ and makes codes of one length of them, `reads` also reads with
counts; `tables` reads tables with a
column `seq`, and `windows.cut_windows` cuts regions out of a genome. `chip.read_chip` reads the
ChIP-seq sets of the DeepBind paper, and `bound.read_codes` what motifs are to be made of.
"""

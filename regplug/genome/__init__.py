"""Bases and coordinates: what stands where in a genome.

`variant` has Variant (1-based, as in a VCF), Interval (0-based, half-open) and Status; `codes`
turns letters into numbers; `fasta.Genome` reads bases, and `haplotype.Haplotype` the same genome
with ALTs in it. `regions` reads regions and BED files, `genes` a GTF, GFF3 or BED12, of which
`transcripts.Transcripts` knows strands and starts; `reference` finds the FASTA of a run and checks
that its build is the input's; `assembly` knows whose genome it is, and checks that of the models.
"""

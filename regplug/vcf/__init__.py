"""Files of variants: read, annotated, and written again.

`records` reads VCF and BCF (`VariantReader`) and puts values into INFO; `annotate.annotate_records`
is the loop over records; `phased_records.PhasedRecords` finds what lies beside an ALT on a sample's
haplotype, of which `genotypes` reads GT and PS; `writers` has the VCF and BCF writers, `tables`
TSV and Parquet, and `outputs` opens all writers of a run together. `provenance` makes the header of
the annotated file.
"""

"""Files of variants: read, annotated, and written again.

`records` reads VCF and BCF (`VariantReader`) and puts values into INFO; `annotate.annotate_records`
is the loop over records; `writers` has the VCF and BCF writers, `tables` TSV and Parquet, and
`outputs` opens all writers of a run together. `provenance` makes the header of the annotated file.
"""

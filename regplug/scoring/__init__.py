"""What a score is, from a variant to a number, whatever model gives it and wherever it runs.

`alleles` cuts REF and ALT out of the genome as codes in a model's window; `backend.Backend` is
anything that predicts; `effects` compares the predictions for REF and ALT; `card.ModelCard` says
what a model is, `measured` how good, and `adapter` what its numbers mean. `model.Model` joins
these for a run; `on_haplotypes` scores ALTs beside the others that a sample carries (`carried`),
and `phased_tags` names the tags of that; `sequences` scores FASTA files instead of variants.
"""

"""Training sets for DeepBind: codes, targets and folds in a folder, and how they are made.

`training` has TrainingSet, and writes and reads it. A set is made by `chip.prepare_chip` (ChIP-seq
peaks), `bound.prepare_bound` (CLIP), `selex.prepare_selex` (HT-SELEX) or
`intensities.prepare_intensities` (PBM, RNAcompete). `folds` assigns rows to folds, and `shuffle`
makes dinucleotide shuffles.
"""

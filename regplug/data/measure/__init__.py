"""Predictions beside what is known: how good a model is.

`metrics` has areas under curves and correlations with bootstrap intervals, `calibration` compares
probabilities with shares. `sites` runs a model on a set of sites and measures each target; `report`
writes the result as a folder, and `figures` draws its pictures.
`along`, `along_report` and `along_figures` do so for tiles along a genome, beside the regression of
`kmers`, with intervals over `blocks`. `bands` has means
and their bootstrap bands. `recorded` reads what tests have written, for a model's card.
"""

"""DeepBind as published (Alipanahi et al. 2015): a network per target.

`run.train_run` trains the targets of a recipe, each by `target.train_target`: `search` calibrates,
`fit` trains networks side by side (`network`, `placements`) on `rows`, and `measure` tests them.
`report` draws a finished run (`figures`, `motifs`); `publish` makes a model of it.
"""

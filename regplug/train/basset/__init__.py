"""Networks of chromatin accessibility, an output per sample: Basset, or a residual network.

`train.train_basset` trains one on a set of `data.sites` by a `recipe`; `search` tries many recipes.
`source` gives examples and validates, `records` writes what each epoch reached. `run` reads what
a finished run left, `publish` makes a model of it. `network` is Basset in torch; `build` is what
both kinds of network have in common.
"""

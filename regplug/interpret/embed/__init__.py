"""Sequences in the last hidden layer of a network, drawn in two dimensions.

`inputs` reads sequences with labels, `networks.open_units` gives what predicts the layer's units
(`hidden` cuts it out of a model's graph), `projection` makes PCA and t-SNE, `report` the files.
"""

"""Basset, and networks like it: many samples, one network.

`train.train_basset` trains on sites, `search` tries many networks, `run` reads a finished run and
makes its graph, `publish` makes a model of one or several.
"""

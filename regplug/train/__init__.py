"""Training: sets are read, networks fitted, and their weights exported; only here is torch used.

`loop` and `cnn` are what the forms of networks share; `deepbind` trains a network per protein,
`basset` a network for many samples, `panel` one for several factors. The three do not know each
other. Each has `recipe` (settings), a module that trains, and `publish` (a run becomes a model).
"""

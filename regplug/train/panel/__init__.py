"""A network for several factors, that tells their peaks from shuffles, each other's and the genome.

`recipe.read_panel_recipe` reads the settings and `sets` the peaks; `train.train_panel` trains, and
`publish.publish_panel` makes a model of the run. `metrics` has the three kinds of AUC.
"""

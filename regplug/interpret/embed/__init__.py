"""How a network sees sequences: its last hidden layer, projected.

`networks.open_units` opens the layer of a run's, published or model's network (`hidden` cuts it
out of a graph), `inputs` reads labelled sequences, `projection` makes PCA and t-SNE, `report` the
folder.
"""

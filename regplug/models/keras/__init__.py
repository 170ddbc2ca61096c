"""Networks in Keras's files, of Keras 0.3 to 3, as Nets; Keras is not needed.

`reading.read_keras` reads a network's files; `files.opened` gives the architecture and the weights
apart, of which `graph.keras_net` makes a Net, layer by layer. Plugins use these for the families
that they know.
"""

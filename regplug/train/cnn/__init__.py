"""The residual convolutional network that `basset` and `panel` can train.

`shape.CnnShape` says what it is made of, `network.Cnn` is the network in torch, and
`graph.ensemble_graph` makes one ONNX graph of several trained networks, without torch.
"""

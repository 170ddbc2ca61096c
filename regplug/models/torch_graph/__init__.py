"""ONNX graphs in PyTorch, node by node: TorchGraph ─run→ tensors; `operators` compute them.

The torch engine runs models so, and `interpret.attribute` asks the same graph for contributions.
All of it needs torch, so nothing of it is imported with regplug.
"""

"""Variants faster than window by window: one graph for a stretch of genome and all its SNVs.

`graph.variants_graph` makes it of any convolutional graph; `geometry`, `rows`, `tensor` and
`layers` are its parts.
"""

"""Variants faster than window by window: one graph for a stretch of genome and all its SNVs.

`graph.variants_graph` makes it of any convolutional graph, and `served` writes it for a server.
`geometry` says where a tensor's elements come from, `rows` (on `addresses` and `frames`) has the
tables of distinct elements, and `layers` (with `convolution`, `stem`, `moves`, `reading` and
`tensor`) what each operator does to them; `reduction` has maxima and means of whole windows.
"""

"""What a motif does by itself: put into sequences that say nothing, here, there, beside another.

`backgrounds` makes the sequences, `effects` puts a motif in their middle, at all places and among
other shares of G and C, `pairs` beside a second one; each has a control, the motif's positions in
random orders. `tables` and `pictures` show it, and `report` writes the folder of `regplug
marginalize`.
"""

"""What a model learned, as pictures and tables.

`explain` shows which bases matter around a variant, `profile` scores along the introns around
exons, `embed` sequences as a network's hidden layer sees them, `filters` what the first filters
look for, `marginal` what a motif does by itself, `compare` where two models agree. None knows the
others; each says in its `__init__` what others may import.
"""

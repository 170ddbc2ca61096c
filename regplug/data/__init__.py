"""What networks are trained and judged on: sequences and labels, in files; no torch.

`sequences` reads files of sequences, peaks and windows; `sets` makes training sets for DeepBind and
`sites` sets of sites for Basset; `measure` compares predictions with labels. Each says in its
`__init__` what others may import.
"""

"""What networks are trained and judged on: sequences, sets, sites, measures; no torch.

`sequences` reads files of sequences, peaks and windows; `sets` makes DeepBind's training sets,
`sites` Basset's; `measure` scores predictions against what is known.
"""

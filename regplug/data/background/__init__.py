"""The variants that a model's background is measured on.

`strata` says where they lie, `ground` cuts a genome into what can be drawn from, and `drawn` draws
variants of each kind there. Others import `strata.Stratum` and `strata.drawn_sets`.
"""

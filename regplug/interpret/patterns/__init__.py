"""Patterns that recur in contributions: motifs as a model has learned them, and where they are.

`find` runs TF-MoDISco and reads its patterns, `hits` finds where each of them contributes, and
`report` writes the folder of `regplug patterns`.
"""

"""Scores along the introns around groups of exons, against a control.

`exons.read_exons` reads a BED; `scores` has ExonGroup and Layout, and scores the bases around a
group's splice sites; `statistics` makes means, bands and tests of them (`Profile`), and
`report.write_profile` writes the folder of `regplug profile`.
"""

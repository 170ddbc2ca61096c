"""The front door in Python: the functions that notebooks call, and the command line too.

`regplug` gives them to users: `models` opens models, `annotate` writes VCFs, `score` makes tables
of variants in any form (`variants`), `predict` scores sequences, `explain` draws mutation maps,
`track.track` writes bigWigs. `progress` is what shows how far they are.
"""

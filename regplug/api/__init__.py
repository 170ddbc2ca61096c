"""The front door in Python: what a notebook calls, and the command line too.

A module for each verb: `annotate`, `score`, `track.track`, `explain`, `predict`; `models` opens
what they run, `variants` reads the forms in which variants come, `progress` says how a bar is
shown. Users find all of it in `import regplug`.
"""

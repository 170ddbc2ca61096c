"""What plugins may bring, and how it is asked for.

`hookspecs` has the hooks and `hookimpl`; `manager` finds the plugins and asks them. What they
return is described in `writer`, `track_writer`, `importer` and `networks`; `measuring` says how
importers measure spreads.
"""

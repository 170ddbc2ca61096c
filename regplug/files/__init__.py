"""How files are read and written, whatever is in them.

`output` lets a file or folder appear only when it is complete (`complete`, `destination`), and
checks its name beforehand; `stream.Stream` is standard input for htslib; `signals` holds SIGINT and
SIGTERM back. `figures` saves pictures with the same bytes each time, `sources` names the files that
something was made from, `lines` cuts text of others into lines, `unchanged` notices files that are
written to while they are read, and `weights` has the name of a
run's weights.
"""

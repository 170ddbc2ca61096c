"""Values along the genome, as bigWig and bedGraph files: predictions, and what others measured.

`regions.track_regions` scores regions base by base or in steps, `variants.track_variants` REF and
ALT around variants; `profile_regions` and `profile_variants` do so for models whose windows tell of
many bases, and `loops` knows which to take. `folder.write_tracks` makes the folder with a file per
target and kind; `kept` says beside them what they are of. `bigwig` writes one kind of file or the
other, bigWigs in a process of their own (`bigwig_process`).
`read_bigwig.BigWig` reads those of other programs.
"""

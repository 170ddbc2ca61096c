"""Values along the genome, as bigWig and bedGraph files: predictions, and what others measured.

`regions.track_regions` scores regions base by base or in steps, `variants.track_variants` REF and
ALT around variants. `folder.write_tracks` makes the folder with a file per target and kind;
`kept` says beside them what they are of. `bigwig` writes one kind of file or the other, bigWigs in
a process of their own (`bigwig_process`).
`read_bigwig.BigWig` reads those of other programs.
"""

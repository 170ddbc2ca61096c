"""What the first filters of a model look for, and how much each matters.

`models` opens a model and its sequences (`open_model`, `read_model_sequences`) and makes motifs and
influence of them (`look_at`); `report.write_motif_report` writes the folder of `regplug motifs`.
Below these, `find` finds the filters in a graph, `layer.FirstLayer` runs it in two parts (cut by
`parts`), `motifs` makes a motif of each filter, and `influence` measures what each does to scores.
"""

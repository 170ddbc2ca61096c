"""Which bases matter to a model, and what a variant does to them.

`maps.explain_place` makes the mutation maps of a variant or region (`mutation_map.MutationMap`);
`picture.draw_maps` draws them, and `report.write_maps` writes the folder of `regplug explain`.
"""

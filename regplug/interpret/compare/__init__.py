"""Two models side by side: where they agree, and where not.

`shared` matches their targets, `agreement` compares what they say of the same changes, `picture`
draws it, and `report` writes the folder of `regplug compare`.
"""

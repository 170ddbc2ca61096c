"""A run in parts, which can be resumed and run elsewhere.

jobs ─executor→ parts ─the folder of parts→ the same in order

`records` and `tracks` say what a part is of; others import those, and `run.parted`.
"""

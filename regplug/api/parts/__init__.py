"""A run in parts, which can be resumed and run elsewhere.

blocks ─Job→ `score_part`, on whatever executor ─Part→ the folder of parts, and in order the outputs

Others import `in_parts` and `Parting`.
"""

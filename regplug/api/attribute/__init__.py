"""Contributions of the bases of many sequences.

`sequences` reads what is asked for, `ways` makes contributions of it, and `attribute` runs both;
`parts.contributions` cuts a run into parts.
"""

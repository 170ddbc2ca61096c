"""What a model predicts along regions or around variants, written as tracks and views.

`track.track` is the front door; `along` and `around` are its two roads, `asked` what both need.
"""

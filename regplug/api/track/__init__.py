"""What a model predicts along regions or around variants, written as tracks and views.

`track.track` is the function that users call; by what they give (`asked`) it writes tracks `along`
regions, or `around` variants; `views` shows them in browsers, or those of a finished folder.
"""

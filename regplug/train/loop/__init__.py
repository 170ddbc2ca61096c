"""The loop that trains networks of several targets, and what runs have in common.

`loop.train_networks` is the loop: `examples` gives it batches (`ahead` makes them in a second
thread), `learner` takes the steps that `schedule.Schedule` asks for, on a `machine.Machine`, and
`checkpoint` keeps the state. `recipes` reads TOML files, `names` has the names of a run's files,
and `strands` turns codes in torch.
"""

"""DeepBind as published: calibration, training, test, a network per target.

`run.train_run` trains on sets, `search` calibrates, `fit` trains all settings as one program,
`target` does one target, `measure` tests, `report` draws, `publish` makes a model.
"""

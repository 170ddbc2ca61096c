"""DeepBind as published: calibration, training, test, a network per target."""

"""`regplug train`: fit networks to a data set."""

"""`regplug models`: what there is, what it is, whether it works, and how to get more."""

"""`regplug track`: what a model predicts along the genome."""

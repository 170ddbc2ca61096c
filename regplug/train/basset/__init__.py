"""Basset, and networks like it: many samples, one network."""

"""Predictions beside what is known: areas under curves, calibration, and their report."""

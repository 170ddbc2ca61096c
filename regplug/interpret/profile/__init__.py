"""Scores along the introns around groups of exons."""

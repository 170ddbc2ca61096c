"""Training: read sets, fit networks, export their weights; torch lives here only."""

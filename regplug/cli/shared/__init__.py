"""What several commands share: options, progress, recipes, reports on stderr."""

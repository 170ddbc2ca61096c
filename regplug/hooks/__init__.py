"""What plugins may bring: the hooks, their manager, and the contracts of writers and importers."""

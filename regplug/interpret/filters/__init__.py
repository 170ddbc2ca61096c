"""What the first filters of a model look for, and how much each matters."""

"""What a number is: cards, backends, alleles in their windows, effects, adapters, models."""

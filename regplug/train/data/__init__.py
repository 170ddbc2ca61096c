"""Training sets: sequences read as codes, and their shuffled negatives."""

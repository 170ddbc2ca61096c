"""How a network sees sequences: its last hidden layer, projected."""

"""What a model learned, as pictures: maps of a variant, exons' profiles, embeddings, filters."""

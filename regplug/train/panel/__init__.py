"""One network for several factors, told apart from shuffles, each other and the genome."""

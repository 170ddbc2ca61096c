"""Files: outputs that appear whole, standard input, signals, pictures, sources, weights' name."""

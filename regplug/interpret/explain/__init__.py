"""Which bases matter, and what a variant does to them."""

"""The loop that trains networks of several targets, and what runs have in common."""

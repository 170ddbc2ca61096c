"""Sites for Basset: codes, 0/1 targets and parts in one HDF5 file, and how they are made."""

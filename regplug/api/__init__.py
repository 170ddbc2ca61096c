"""The front door in Python: what a notebook calls, and the command line too."""

"""Other programs, given the same network and variants as regplug: `python -m benchmarks.peers`."""

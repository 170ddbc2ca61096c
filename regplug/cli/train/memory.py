"""Memory that training frees is kept, as its next step asks for as much."""

import ctypes
import sys

TRIM, MMAP = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of glibc's malloc.h
KEPT = 2**30  # bytes


def keep_memory() -> None:
    """Let this process keep up to 1 GiB that it has freed.

    By itself glibc hands arrays of 32 MiB and more back to the system at once, which must clear
    their pages when the next step of training asks for them: with windows of 600 bases a third of
    the processor time. Other C libraries are left as they are.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(MMAP, KEPT)
            mallopt(TRIM, KEPT)

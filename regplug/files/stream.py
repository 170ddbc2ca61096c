"""Standard input, made safe for htslib: a signal ends it, and a cut-off end is noticed."""

import os
import select
import threading
import zlib
from contextlib import ExitStack, suppress

from regplug.files.signals import told

BGZF = bytes.fromhex("1f8b0804")
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


class Stream:
    """A pipe with what `source` sends.

    htslib waits for input without looking at signals: Ctrl-C would do nothing before the next data.
    This pipe ends when a signal arrives, so htslib returns and Python sees the signal.

    Attributes:
        path: of the pipe, for htslib to open.
        truncated: True if the end of bgzipped data was missing; known once the pipe has ended.
        closing: set when nobody reads any more.
    """

    def __init__(self, source: int = 0) -> None:
        """Start to copy file descriptor `source` into the pipe; call it in the main thread."""
        self.truncated = False
        self.closing = threading.Event()
        self._pipe, writing = os.pipe()
        self.path = f"/dev/fd/{self._pipe}"
        self._wake, self._wakened = os.pipe()
        self._told = ExitStack()
        self._told.enter_context(told(lambda: os.write(self._wakened, b"!")))
        self._thread = threading.Thread(target=self._copy, args=(source, writing), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self.closing.set()
        self._told.close()
        os.close(self._wakened)
        os.close(self._pipe)
        self._thread.join(1)  # so that it does not read a file that is closed next

    def _passed(self, data: bytes) -> bytes:
        """Return what goes into the pipe for `data`, which are empty at the source's end."""
        return data

    def _copy(self, source: int, writing: int) -> None:
        """Copy until the source ends, a signal arrives, or nobody reads the pipe any more."""
        first = last = b""
        with suppress(BrokenPipeError, zlib.error), open(writing, "wb") as pipe:
            while self._wake not in select.select([source, self._wake], [], [])[0]:
                data = os.read(source, 1 << 16)
                pipe.write(self._passed(data))
                pipe.flush()
                if not data:
                    self.truncated = first == BGZF and last != _BGZF_END
                    break
                first, last = first or data[:4], (last + data)[-len(_BGZF_END) :]
        os.close(self._wake)

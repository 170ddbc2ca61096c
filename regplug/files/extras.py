"""Libraries that a plain install does not bring, and the extra that does."""

from collections.abc import Iterator
from contextlib import contextmanager

from regplug.errors import MissingLibraryError


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Say which extra of regplug brings a library, if an import in the block does not find it.

        with needs("parquet"):
            import pyarrow

    Raises:
        MissingLibraryError: a library is not installed; the message has the command that helps.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "regplug":
            raise  # a fault of ours
        raise MissingLibraryError(
            f"this needs {error.name or error}: pip install 'regplug[{extra}]'"
        ) from error

"""An address and a sha256 ─fetch→ a file of these bytes, or none.

What has come stays beside where it belongs, as `.SHA256.part`, so that a later call goes on there.
"""

import hashlib
import ssl
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from regplug.errors import BackendError, DataError
from regplug.files.version import VERSION

TRIES, FIRST_DELAY = 4, 0.5  # in a row that bring nothing; seconds
QUIET_SECONDS = 60.0  # that a server may say nothing
_CHUNK = 1 << 20
_LATER = (408, 425, 429, 500, 502, 503, 504)  # what may pass
_PAST_THE_END = 416


class _BrokenError(Exception):
    """A connection ended early, or could not be made: worth another try."""


def fetch(
    url: str,
    sha256: str,
    folder: Path,
    *,
    most: int,
    ca_certificate: str = "",
    progress: Callable[[int], object] = lambda _: None,
) -> Path:
    """Return the path of a file in `folder` that has this sha256; the caller removes it.

    Args:
        url: https://...; so are the addresses that it leads to.
        sha256: 64 hexadecimal digits, of the file.
        folder: where it is kept, whole or in part.
        most: bytes; a file of more is refused.
        ca_certificate: PEM file of whoever signs the server's certificate; else the system's.
        progress: is told of bytes as they come.

    Raises:
        BackendError: the server is away, not to be trusted, or has no such file.
        DataError: the file is another, or too large.
    """
    part = folder / f".{sha256}.part"
    if part.is_file() and _digest(part) == sha256:
        return part
    opener = build_opener(_HttpsOnly(), HTTPSHandler(context=_context(ca_certificate)))
    tries, largest = 0, _size(part)
    while True:
        try:
            _go_on(opener.open, url, part, most, progress)
            break
        except _BrokenError as error:
            have = _size(part)
            tries, largest = (0, have) if have > largest else (tries + 1, largest)
            if tries == TRIES:
                raise BackendError(
                    f"cannot get {url}: {error}; {have:,} bytes are here: the same command goes on"
                ) from error
            time.sleep(FIRST_DELAY * 2**tries)
    found = _digest(part)
    if found != sha256:
        part.unlink()
        raise DataError(f"{url} has another sha256, {found}: it is not the file that was meant")
    return part


def _go_on(
    open_url: Callable[..., IO[bytes]],
    url: str,
    part: Path,
    most: int,
    progress: Callable[[int], object],
) -> None:
    """Append what is missing to `part`; _BrokenError if not all of it comes."""
    have = _size(part)
    headers = {"User-Agent": f"regplug/{VERSION}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with open_url(Request(url, headers=headers), timeout=QUIET_SECONDS) as answer:
            status, told = answer.status, answer.headers  # type: ignore[attr-defined]
            goes_on = status == 206 and told.get("Content-Range", "").startswith(f"bytes {have}-")
            if not goes_on:
                have = 0
            length = told.get("Content-Length", "")
            end = have + int(length) if length.isdecimal() else None
            with part.open("ab" if goes_on else "wb") as file:
                while chunk := answer.read(_CHUNK):
                    have += len(chunk)
                    if have > most:
                        raise DataError(f"{url} has more than {most:,} bytes, which is the limit")
                    file.write(chunk)
                    progress(len(chunk))
    except DataError:
        part.unlink()
        raise
    except HTTPError as error:
        error.close()
        if error.code == _PAST_THE_END:
            part.unlink(missing_ok=True)  # it is no beginning of that file
        elif error.code not in _LATER:
            raise BackendError(f"cannot get {url}: {error}") from error
        raise _BrokenError(str(error)) from error
    except (URLError, HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise BackendError(f"cannot trust {url}: {reason}") from error
        raise _BrokenError(str(reason) or type(error).__name__) from error
    if end is not None and have < end:
        raise _BrokenError(f"the connection ended after {have:,} of {end:,} bytes")


class _HttpsOnly(HTTPRedirectHandler):
    """Follows redirections to https alone."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not newurl.lower().startswith("https://"):
            raise BackendError(f"{req.full_url} leads to {newurl}, which is no https://")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _context(ca_certificate: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_certificate or None)
    except (OSError, ssl.SSLError) as error:
        raise BackendError(f"cannot read certificates in {ca_certificate}: {error}") from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

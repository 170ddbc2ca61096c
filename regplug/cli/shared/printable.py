"""Text of others' files, as it may be shown on a terminal."""

# A terminal obeys these: it would clear its screen, or write over what stands there.
_CONTROLS = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"
}


def printable(text: str) -> str:
    r"""Return `text` with control characters but tabs and line feeds written out, as \x1b."""
    return text.translate(_CONTROLS)

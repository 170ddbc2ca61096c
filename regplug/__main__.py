"""`regplug`, and `python -m regplug`."""

import signal


def main() -> None:
    """Run the command line."""
    # Until its modules are there Ctrl-C ends the process, with no traceback: nothing is begun yet.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from regplug.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()

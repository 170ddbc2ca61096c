"""`regplug`, and `python -m regplug`."""

import signal


def main() -> None:
    """Run the command line."""
    # Until its modules are there Ctrl-C ends the process, with no traceback: nothing is begun yet.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from regplug.cli import main as command_line
    from regplug.files.signals import leave

    try:
        command_line()
    except SystemExit as stop:
        leave(int(stop.code or 0))
        raise


if __name__ == "__main__":
    main()

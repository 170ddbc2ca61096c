"""The version that files say they were made by."""

from importlib.metadata import version

VERSION = version("regplug")

"""Networks of any make as models: ONNX files, and PyTorch through ONNX."""

import click

from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.importer import Importer
from regplug_onnx.command import onnx as onnx_command


class OnnxImporter:
    """Imports graphs that others exported (.onnx)."""

    name = "onnx"
    command: click.Command = onnx_command


@hookimpl
def regplug_importers() -> list[Importer]:
    """Return the importer of ONNX files."""
    return [OnnxImporter()]

"""Networks of any make as models: ONNX files, and PyTorch through ONNX."""

import click

from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.importer import Importer
from regplug_onnx.command import onnx as onnx_command
from regplug_onnx.torch_command import torch as torch_command


class OnnxImporter:
    """Imports graphs that others exported (.onnx)."""

    name = "onnx"
    command: click.Command = onnx_command


class TorchImporter:
    """Imports PyTorch networks (module.py:Network and weights, or .pt2)."""

    name = "torch"
    command: click.Command = torch_command


@hookimpl
def regplug_importers() -> list[Importer]:
    """Return the importers of ONNX files and of PyTorch networks."""
    return [OnnxImporter(), TorchImporter()]

"""Keras: the importer of models of DNA, of Keras 0.3 to 3; Keras is not needed."""

from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.importer import Importer
from regplug_keras.command import keras as command


class KerasImporter:
    """Imports models (.keras, .h5), or an architecture (.json) with its weights (.h5, .hdf5)."""

    name = "keras"
    command = command


@hookimpl
def regplug_importers() -> list[Importer]:
    """Return the Keras importer."""
    return [KerasImporter()]

"""An architecture as Keras writes it (`model.to_json()`) → its layers, in the words of Keras 2.

    model.json ─read_architecture→ Architecture, of Layers

Nothing in the file is run: what is no layer that `layers` builds is refused later, by its name.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import msgspec

from regplug.errors import UNREADABLE, ModelError
from regplug.models.keras.connections import ends, layers_read

LARGEST = 16 * 2**20  # bytes of a file; real ones have some thousand
_KINDS = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
}
_KEYS = {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "stride": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "output_dim": "units",
    "pool_length": "pool_size",
    "atrous_rate": "dilation_rate",
    "bias": "use_bias",
}
_MODELS = ("Sequential", "Functional", "Model")
_FORMATS = {"th": "channels_first", "tf": "channels_last"}


class NestedModelError(ModelError):
    """A model has other models among its layers."""


class Layer(NamedTuple):
    """A layer: its place (from 1, of `layers`), class, name, and settings in Keras 2's words.

    `key` is what others call it, and `reads` the keys of those that it reads.
    """

    place: int
    layers: int
    kind: str
    name: str
    settings: Mapping[str, Any]
    key: str = ""
    reads: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return what a message calls it."""
        return f"layer {self.place} of {self.layers}, {self.kind} {self.name}"

    def fault(self, message: str) -> ModelError:
        """Return an error about this layer."""
        return ModelError(f"{self} {message}")

    def number(self, key: str) -> int:
        """Return a whole number above 0.

        Raises:
            ModelError: it is missing, or something else.
        """
        return self.counts(key, 1)[0]

    def counts(self, key: str, axes: int, default: int | None = None) -> tuple[int, ...]:
        """Return `axes` whole numbers above 0; one alone stands for all axes.

        Raises:
            ModelError: they are missing, or something else.
        """
        value = self.settings.get(key)
        value = default if value is None else value
        values = value if isinstance(value, list) else [value] * axes
        if len(values) != axes or not all(_is_count(number) for number in values):
            raise self.fault(f"has {key} {value!r}, where {axes} numbers above 0 belong")
        return tuple(values)

    def choice(self, key: str, *allowed: str) -> str:
        """Return a setting that must be one of `allowed`; the first where there is none.

        Raises:
            ModelError: it is another.
        """
        value = self.settings.get(key, allowed[0])
        if value not in allowed:
            raise self.fault(
                f"has {key} {value!r}, which is not read: only {', '.join(allowed)} are"
            )
        return str(value)

    def flag(self, key: str) -> bool:
        """Return a setting that is true unless the file says false."""
        return self.settings.get(key, True) is not False


class Architecture(NamedTuple):
    """The layers of a model, in an order in which each follows those that it reads.

    Attributes:
        layers: all of them.
        outputs: keys of those that answer.
        kinds: the class of each, as the file names it.
    """

    layers: list[Layer]
    outputs: list[str]
    kinds: list[str]

    def output(self, head: str, called: str) -> str:
        """Return the key of the layer that answers.

        Raises:
            ModelError: there are several, and `head` is none of them.
        """
        if not head and len(self.outputs) == 1:
            return self.outputs[0]
        if head not in self.outputs:
            asked = f"no output {head}" if head else f"{len(self.outputs)} outputs"
            raise ModelError(f"{called} has {asked}: choose --head {' or '.join(self.outputs)}")
        return head


def read_architecture(path: Path) -> Architecture:
    """Return the architecture in a file of model.to_json().

    Raises:
        ModelError: the file cannot be read, or holds no model that is read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ModelError(f"{path} is no architecture: it has over {LARGEST:,} bytes")
        text = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    return architecture_in(text, path)


def architecture_in(text: str | bytes, path: Path) -> Architecture:
    """Return the architecture in a text, that of the file `path`.

    Raises:
        ModelError: it holds no model that is read.
    """
    try:
        model = msgspec.json.decode(text)
    except UNREADABLE as error:
        raise ModelError(
            f"{path} is no JSON ({error}): model.to_json() in Keras makes an architecture"
        ) from error
    kind = model.get("class_name", model.get("name")) if isinstance(model, dict) else None
    if kind not in _MODELS and not _is_wired(model):
        raise ModelError(
            f"{path} holds {kind or 'no model'}: only Sequential and functional models are read"
        )
    entries = _entries(model)
    if not entries:
        raise ModelError(f"{path} names no layers")
    kinds = [str(entry.get("class_name", "")) for entry in entries if isinstance(entry, dict)]
    if inside := [kind for kind in kinds if kind in _MODELS]:
        raise NestedModelError(
            f"{path} holds models in a model ({', '.join(inside)}), which are not read: save the "
            "one that you mean alone"
        )
    try:
        places = range(1, len(entries) + 1)
        if kind == "Sequential":
            reads = [(), *((str(place),) for place in places[:-1])]
            layers = [
                _layer(place, len(entries), entry)._replace(key=str(place), reads=read)
                for place, entry, read in zip(places, entries, reads, strict=True)
            ]
            outputs = [layers[-1].key]
        else:
            layers = [_connected(i, len(entries), entry) for i, entry in enumerate(entries, 1)]
            outputs = ends(model["config"], "output_layers")
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    if not outputs or not {layer.key for layer in layers}.issuperset(outputs):
        raise ModelError(f"{path} does not say which of its layers answers")
    return Architecture(layers, outputs, kinds)


def _entries(model: Mapping[str, Any]) -> list[Any]:
    """Return the list of layers, which each version keeps elsewhere."""
    inside = model.get("config", model)
    entries = inside.get("layers") if isinstance(inside, dict) else inside
    return entries if isinstance(entries, list) else []


def _is_wired(model: Any) -> bool:
    """Tell whether a model of a class of its own says how its layers are joined."""
    inside = model.get("config") if isinstance(model, dict) else None
    return isinstance(inside, dict) and {"input_layers", "output_layers"} <= inside.keys()


def _layer(place: int, count: int, entry: Any) -> Layer:
    if not isinstance(entry, dict):
        raise ModelError(f"layer {place} of {count} is no layer but {type(entry).__name__}")
    if "class_name" in entry:  # Keras 1 and later
        kind, settings = entry["class_name"], entry.get("config")
        name = settings.get("name") if isinstance(settings, dict) else None
    else:  # Keras 0.3
        kind, settings, name = entry.get("name"), entry, entry.get("custom_name")
    if not isinstance(kind, str) or not isinstance(settings, dict):
        raise ModelError(f"layer {place} of {count} has no class or no settings")
    kind = _KINDS.get(kind, kind)
    return Layer(place, count, kind, str(name or ""), _in_new_words(settings))


def _connected(place: int, count: int, entry: Any) -> Layer:
    """Return a layer of a functional model, with those that it reads."""
    layer = _layer(place, count, entry)
    try:
        return layer._replace(key=str(entry.get("name", layer.name)), reads=layers_read(entry))
    except ModelError as error:
        raise layer.fault(str(error)) from error


def _in_new_words(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with the keys and formats of Keras 2."""
    new = {_KEYS.get(key, key): value for key, value in settings.items()}
    if "nb_row" in new and "nb_col" in new:
        new["kernel_size"] = [new["nb_row"], new["nb_col"]]
    if isinstance(new.get("data_format"), str):
        new["data_format"] = _FORMATS.get(new["data_format"], new["data_format"])
    return new


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0

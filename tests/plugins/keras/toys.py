"""Keras files as each version writes them, and what the network in them gives, in plain numpy.

A toy is a list of layers: class, settings in Keras 2's words, arrays in Keras 2's order of axes.
"""

import json

import h5py
import numpy as np

OLD_NAMES = {"Conv1D": "Convolution1D", "Conv2D": "Convolution2D"}


def layer(kind, *arrays, **settings):
    return kind, settings, [np.asarray(array, np.float32) for array in arrays]


def conv(rng, size, before, filters, **settings):
    """Return a convolution of random filters; `size` is a number, or two."""
    sizes = (size,) if isinstance(size, int) else tuple(size)
    kernel = rng.normal(size=(*sizes, before, filters)) * 0.5
    chosen = {"filters": filters, "kernel_size": list(sizes), "use_bias": True} | settings
    return layer(f"Conv{len(sizes)}D", kernel, rng.normal(size=filters) * 0.3, **chosen)


def dense(rng, before, units, **settings):
    arrays = rng.normal(size=(before, units)) * 0.5, rng.normal(size=units)
    return layer("Dense", *arrays, **{"units": units, "use_bias": True} | settings)


def norm(rng, size, **settings):
    arrays = rng.normal(size=(3, size)), rng.uniform(0.5, 2, size)
    return layer("BatchNormalization", *arrays[0], arrays[1], **{"epsilon": 0.001} | settings)


def write(folder, layers, *, version=2, backend="tensorflow", name="net", whole=False):
    """Write name.json and name.h5; return their paths."""
    paths = folder / f"{name}.json", folder / f"{name}.h5"
    paths[0].write_text(json.dumps(architecture(layers, version)))
    with h5py.File(paths[1], "w") as file:
        if version == 0:
            write_old(file, layers)
        else:
            file.attrs["keras_version"] = np.bytes_(f"{version}.2.4")
            file.attrs["backend"] = np.bytes_(backend)
            write_new(file.create_group("model_weights") if whole else file, layers, version)
    return paths


def architecture(layers, version):
    if version == 0:
        entries = [old_words(settings) | {"name": OLD_NAMES.get(kind, kind), "custom_name": f"l{i}"}
                   for i, (kind, settings, _) in enumerate(layers)]  # fmt: skip
        return {"name": "Sequential", "layers": entries}
    entries = [
        {
            "class_name": OLD_NAMES.get(kind, kind) if version == 1 else kind,
            "config": (old_words(settings) if version == 1 else settings) | {"name": f"l{i}"},
        }
        for i, (kind, settings, _) in enumerate(layers)
    ]
    config = entries if version == 1 else {"name": "sequential_1", "layers": entries}
    return {"class_name": "Sequential", "config": config}


def old_words(settings):
    old = dict(settings)
    for new, word in (
        ("filters", "nb_filter"), ("padding", "border_mode"), ("units", "output_dim"),
        ("use_bias", "bias"),
    ):  # fmt: skip
        if new in old:
            old[word] = old.pop(new)
    size = old.pop("kernel_size", [])
    old |= dict(zip(["filter_length"] if len(size) == 1 else ["nb_row", "nb_col"], size, strict=0))
    if "data_format" in old:
        old["dim_ordering"] = "th" if old.pop("data_format") == "channels_first" else "tf"
    return old


def stored(kind, array, version, *, first):
    """Return an array as a file of a version holds it."""
    if not kind.startswith("Conv") or array.ndim == 1 or version == 2:
        return array
    long = array[:, None] if kind == "Conv1D" else array
    as_theano = version == 0 or (first and kind == "Conv2D")
    return long.transpose(3, 2, 0, 1) if as_theano else long


def write_old(file, layers):
    file.attrs["nb_layers"] = len(layers)
    for i, (kind, _, arrays) in enumerate(layers):
        group = file.create_group(f"layer_{i}")
        group.attrs["nb_params"] = len(arrays)
        for j, array in enumerate(arrays):
            group[f"param_{j}"] = stored(kind, array, 0, first=True)


def write_new(file, layers, version):
    file.attrs["layer_names"] = np.array([f"l{i}".encode() for i in range(len(layers))])
    for i, (kind, settings, arrays) in enumerate(layers):
        group, first = file.create_group(f"l{i}"), settings.get("data_format") == "channels_first"
        names = [f"l{i}/w{j}:0" for j in range(len(arrays))]
        group.attrs["weight_names"] = np.array([n.encode() for n in names]) if names else []
        for name, array in zip(names, arrays, strict=True):
            group[name] = stored(kind, array, version, first=first)


def outputs(layers, codes, shape, *, flip=False):
    """Return the mean over both strands of the network's outputs, rows as `shape` has them."""
    strands = codes, np.array([3, 2, 1, 0, 4])[codes[:, ::-1]]
    table = np.vstack([np.eye(4), np.full(4, 0.25)])
    means = []
    for strand in strands:
        values = table[strand]  # (n, bases, 4)
        if shape.index(4) < shape.index(max(shape)):
            values = values.swapaxes(1, 2)
        rows = [run(layers, row, flip=flip) for row in values.reshape(-1, *shape)]
        means.append(np.stack(rows))
    return np.mean(means, axis=0)


def run(layers, row, *, flip):
    for kind, settings, arrays in layers:
        row = LAYERS[kind](row, settings, [array.astype(float) for array in arrays], flip)
        if kind != "Activation":
            row = activated(row, settings, arrays, flip)
    return row


def activated(row, settings, *_):
    kind = settings.get("activation", "linear")
    if kind == "softmax":
        powers = np.exp(row - row.max(-1, keepdims=True))
        return powers / powers.sum(-1, keepdims=True)
    return {"linear": row, "relu": np.maximum(row, 0), "sigmoid": 1 / (1 + np.exp(-row))}[kind]


def places(row, settings, size, strides):
    """Yield each place's index and the values there, axes moved so that channels are last."""
    dilation = settings.get("dilation_rate", [1] * len(size))
    reach = [(s - 1) * d + 1 for s, d in zip(size, dilation, strict=True)]
    if settings.get("padding") == "same":
        ends = []
        for have, step, length in zip(row.shape, strides, reach, strict=False):
            zeros = max((-(-have // step) - 1) * step + length - have, 0)
            ends.append((zeros // 2, zeros - zeros // 2))
        row = np.pad(row, [*ends, (0, 0)], constant_values=np.nan)
    counts = [(h - r) // s + 1 for h, r, s in zip(row.shape, reach, strides, strict=False)]
    for index in np.ndindex(*counts):
        cut = tuple(
            slice(i * s, i * s + r, d)
            for i, s, r, d in zip(index, strides, reach, dilation, strict=True)
        )
        yield index, counts, row[cut]


def slide(row, settings, size, strides, function):
    first = settings.get("data_format") == "channels_first"
    row = np.moveaxis(row, 0, -1) if first else row
    found = None
    for index, counts, values in places(row, settings, size, strides):
        answer = function(values.reshape(-1, values.shape[-1]))
        found = np.zeros((*counts, len(answer))) if found is None else found
        found[index] = answer
    return np.moveaxis(found, -1, 0) if first else found


def _conv(row, settings, arrays, flip):
    kernel, bias = arrays[0], arrays[1] if len(arrays) == 2 else 0
    size = settings["kernel_size"]
    if flip:
        kernel = np.flip(kernel, tuple(range(len(size))))
    flat = kernel.reshape(-1, kernel.shape[-2], kernel.shape[-1])
    strides = settings.get("strides", [1] * len(size))
    one = lambda values: np.einsum("pc,pcf->f", np.nan_to_num(values), flat) + bias  # noqa: E731
    return slide(row, settings, size, strides, one)


def _pool(function):
    def pool(row, settings, arrays, flip):
        size = settings["pool_size"]
        strides = settings.get("strides") or size
        return slide(row, settings, size, strides, lambda values: function(values, 0))

    return pool


def _norm(row, settings, arrays, flip):
    gain, offset, mean, variance = arrays
    axis = settings.get("axis", -1)
    row = np.moveaxis(row, axis - 1 if axis > 0 else axis, -1)
    row = (row - mean) / np.sqrt(variance + settings["epsilon"]) * gain + offset
    return np.moveaxis(row, -1, axis - 1 if axis > 0 else axis)


LAYERS = {
    "Activation": activated,
    "BatchNormalization": _norm,
    "Conv1D": _conv,
    "Conv2D": _conv,
    "Dense": lambda row, settings, arrays, flip: row @ arrays[0] + arrays[1],
    "Dropout": lambda row, *_: row,
    "Flatten": lambda row, *_: row.reshape(-1),
    "Permute": lambda row, settings, *_: row.transpose([one - 1 for one in settings["dims"]]),
    "Reshape": lambda row, settings, *_: row.reshape(settings["target_shape"]),
    **dict.fromkeys(["MaxPooling1D", "MaxPooling2D"], _pool(np.nanmax)),
    **dict.fromkeys(["AveragePooling1D", "AveragePooling2D"], _pool(np.nanmean)),
    "GlobalMaxPooling1D": lambda row, *_: row.max(0),
    "GlobalAveragePooling1D": lambda row, *_: row.mean(0),
}

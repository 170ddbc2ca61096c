"""ChromBPNet's file as Keras 2 writes it, of any size, with random weights.

Layers and names are those of `nobias.h5` in real.zip, which Keras itself saved.
"""

import json

import h5py
import numpy as np

PREFIX = "wo_bias_bpnet_"


def write_chrombpnet(path, *, filters=8, dilated=3, window=170, bases=40, seed=0):
    """Write chrombpnet_nobias.h5 of such sizes; the window and the profile must be even."""
    rng, layers, arrays = np.random.default_rng(seed), [], {}

    def add(kind, name, reads, **config):
        if kind == "InputLayer":
            config |= {"batch_input_shape": [None, window, 4]}
        inbound = [[[one, 0, 0, {}] for one in reads]] if reads else []
        config |= {"name": name}
        entry = {"class_name": kind, "config": config, "name": name, "inbound_nodes": inbound}
        layers.append(entry)
        return name

    def weigh(name, *shape):
        scale = (0.5 / np.prod(shape[:-1])) ** 0.5
        kernel, bias = rng.normal(size=shape) * scale, rng.normal(size=shape[-1:]) * 0.1
        arrays[name] = [kernel.astype(np.float32), bias.astype(np.float32)]

    def conv(name, reads, size, before, after, step=1, activation="relu"):
        weigh(name, size, before, after)
        return add(
            "Conv1D", name, [reads], filters=after, kernel_size=[size], padding="valid",
            dilation_rate=[step], activation=activation, use_bias=True,
        )  # fmt: skip

    x = conv(f"{PREFIX}1st_conv", add("InputLayer", "sequence", ()), 21, 4, filters)
    left = window - 20
    for i in range(1, dilated + 1):
        more = conv(f"{PREFIX}{i}conv", x, 3, filters, filters, 2**i)
        cropped = add("Cropping1D", f"{PREFIX}{i}crop", [x], cropping=[2**i, 2**i])
        x, left = add("Add", f"add_{i}", [more, cropped]), left - 2 ** (i + 1)
    wide = conv(f"{PREFIX}prof_out_precrop", x, 75, filters, 1, activation="linear")
    ends = (left - 74 - bases) // 2
    middle = add("Cropping1D", f"{PREFIX}logitt_before_flatten", [wide], cropping=[ends, ends])
    mean = add("GlobalAveragePooling1D", "gap", [x])
    flat = add("Flatten", f"{PREFIX}logits_profile_predictions", [middle])
    weigh(counts := f"{PREFIX}logcount_predictions", filters, 1)
    add("Dense", counts, [mean], units=1, activation="linear", use_bias=True)
    config = {
        "name": "model",
        "layers": layers,
        "input_layers": [["sequence", 0, 0]],
        "output_layers": [[flat, 0, 0], [counts, 0, 0]],
    }
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
        weights = file.create_group("model_weights")
        for group in (file, weights):
            group.attrs["keras_version"], group.attrs["backend"] = "2.21.0", "tensorflow"
        weights.attrs["layer_names"] = [layer["name"] for layer in layers]
        for layer in layers:
            group, name = weights.create_group(layer["name"]), layer["name"]
            paths = [f"{name}/{kind}:0" for kind in ("kernel", "bias")] if name in arrays else []
            group.attrs["weight_names"] = paths
            for inside, array in zip(paths, arrays.get(name, ()), strict=True):
                group[inside] = array
    return path

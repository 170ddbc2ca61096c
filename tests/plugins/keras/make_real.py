"""Makes real.zip: small models as Keras 3 itself saves them, and what it answers.

pip install keras torch && KERAS_BACKEND=torch python tests/plugins/keras/make_real.py
"""

import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import layers

WIDTH = 61


def functional():
    """As BPNet and ChromBPNet are made: dilated convolutions, cropped and added up."""
    letters = values = keras.Input((WIDTH, 4), name="letters")
    values = layers.Conv1D(4, 7, activation="relu", name="stem")(values)
    for step in (2, 4):
        more = layers.Conv1D(4, 3, dilation_rate=step, name=f"dilated_{step}")(values)
        more = layers.Activation("relu")(layers.BatchNormalization()(more))
        ends = (values.shape[1] - more.shape[1]) // 2
        values = layers.add([more, layers.Cropping1D(ends)(values)])
    pools = [layers.GlobalAveragePooling1D()(values), layers.GlobalMaxPooling1D()(values)]
    units = layers.Dense(5, activation="gelu")(layers.Dropout(0.3)(layers.Concatenate()(pools)))
    logits = layers.Dense(3, name="logits")(units)
    return keras.Model(letters, [layers.Activation("sigmoid", name="open")(logits), logits])


def branches():
    """All other ways that values meet, and activations."""
    letters = keras.Input((WIDTH, 4))
    values = layers.ZeroPadding1D((1, 2))(letters)
    both = [
        layers.Conv1D(3, 4, padding="same", activation=kind)(values) for kind in ("elu", "softplus")
    ]
    units = [
        layers.GlobalMaxPooling1D()(layers.Multiply()(both)),
        layers.GlobalMaxPooling1D()(layers.Subtract()(both)),
        layers.GlobalAveragePooling1D()(layers.Maximum()(both)),
        layers.GlobalAveragePooling1D()(layers.Average()(both)),
    ]
    joined = layers.Concatenate()([layers.LeakyReLU(0.2)(units[0]), layers.ELU(0.7)(units[1]),
                                   layers.ReLU()(units[2]), units[3]])  # fmt: skip
    kinds = ("tanh", "selu", "swish", "exponential", "softsign")
    last = [layers.Dense(2, activation=kind)(joined) for kind in kinds]
    return keras.Model(letters, layers.Softmax()(layers.Concatenate()(last)))


def sequential():
    """A network of one layer after the other."""
    return keras.Sequential(
        [
            keras.Input((WIDTH, 4)),
            layers.Conv1D(5, 4, padding="same", activation="elu"),
            layers.BatchNormalization(),
            layers.MaxPooling1D(3),
            layers.Flatten(),
            layers.Dense(4, activation="softplus"),
            layers.Dense(2),
        ]
    )


def two_heads():
    """A profile of two strands, and their counts, as BPNet has them."""
    letters = keras.Input((WIDTH, 4))
    values = layers.Conv1D(6, 9, activation="relu")(letters)
    profile = layers.Conv1D(2, 5, name="profile")(values)
    counts = layers.Dense(2, name="counts")(layers.GlobalAveragePooling1D()(values))
    return keras.Model(letters, [profile, counts])


def main():
    """Write real.zip beside this file."""
    rng, target = np.random.default_rng(0), Path(__file__).with_name("real.zip")
    codes = rng.integers(0, 4, (4, WIDTH)).astype(np.uint8)
    codes[1, 3:9] = 4
    letters = np.vstack([np.eye(4), np.full((1, 4), 0.25)])[codes].astype(np.float32)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zipped:
        for make in (functional, branches, sequential, two_heads):
            model, name = make(), make.__name__
            for weight in model.weights:
                variance = "variance" in weight.path
                array = rng.normal(size=weight.shape) * 0.3
                weight.assign(rng.random(weight.shape) + 0.5 if variance else array)
            answers = keras.tree.flatten(model.predict(letters, verbose=0))
            suffixes = (".keras", ".h5", ".weights.h5", ".json", ".npz")
            files = [Path(f"{name}{suffix}") for suffix in suffixes]
            model.save(files[0])
            model.save(files[1])
            model.save_weights(files[2])
            files[3].write_text(model.to_json())
            np.savez(files[4], codes=codes, **{f"answer{i}": a for i, a in enumerate(answers)})
            for file in files:
                zipped.write(file)
                file.unlink()


if __name__ == "__main__":
    main()

"""Makes real.zip: small networks of the family as Keras 2 saves them, and what it answers.

pip install tensorflow-cpu tf_keras && python tests/plugins/bpnet/make_real.py

The layers and their names are those of chrombpnet (chrombpnet_with_bias_model.py, bpnet_model.py)
and of bpnet-refactor (arch.py), which the files of published models hold; sizes are small.
"""

import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import layers

FILTERS, DILATED, WINDOW, BASES, ROWS = 6, 3, 170, 40, 4


class CustomModel(keras.Model):
    """As bpnet-refactor has one, with a loss of its own; its file names this class."""


def cropped(values, size, name):
    return layers.Cropping1D((values.shape[1] - size) // 2, name=name)(values)


def body(sequence, before):
    """As chrombpnet's: a wide convolution, dilated ones whose answers are added up, two heads."""
    x = layers.Conv1D(FILTERS, 21, activation="relu", name=f"{before}bpnet_1st_conv")(sequence)
    for i in range(1, DILATED + 1):
        conv = layers.Conv1D(
            FILTERS, 3, activation="relu", dilation_rate=2**i, name=f"{before}bpnet_{i}conv"
        )(x)
        x = layers.add([conv, cropped(x, conv.shape[1], f"{before}bpnet_{i}crop")])
    head = f"{before}bpnet_" if before else ""
    wide = layers.Conv1D(1, 75, name=f"{head}prof_out_precrop")(x)
    name = "logitt_before_flatten" if before else "logits_profile_predictions_preflatten"
    flat = layers.Flatten(name=f"{head}logits_profile_predictions")
    profile = flat(cropped(wide, BASES, f"{head}{name}"))
    mean = layers.GlobalAvgPool1D(name="gap")(x)
    return [profile, layers.Dense(1, name=f"{head}logcount_predictions")(mean)]


def chrombpnet():
    """Return the whole model, with a bias model in it, and the one without."""
    bias_in, inside = (keras.Input((WINDOW, 4), name="sequence") for _ in range(2))
    bias = keras.Model(bias_in, body(bias_in, ""))
    without = keras.Model(inside, body(inside, "wo_bias_"), name="model_wo_bias")
    sequence = keras.Input((WINDOW, 4), name="sequence")
    of_bias, of_rest = bias(sequence), without(sequence)
    profile = layers.Add(name="logits_profile_predictions")([of_rest[0], of_bias[0]])
    both = layers.Concatenate(axis=-1)([of_rest[1], of_bias[1]])
    counts = layers.Lambda(
        lambda x: tf.math.reduce_logsumexp(x, axis=-1, keepdims=True), name="logcount_predictions"
    )(both)
    whole = keras.Model(sequence, [profile, counts])
    found = whole.get_layer("model_wo_bias")
    return whole, keras.Model(found.inputs, found.output), bias


def bpnet():
    """Return a model of two strands that reads a control too, its counts and its profile."""
    sequence = keras.Input((WINDOW, 4), name="sequence")
    x = layers.Conv1D(FILTERS, 21, name="main_conv_0")(sequence)
    for i in range(1, DILATED + 1):
        rectified = layers.ReLU(name=x.name.split("/")[0] + "_relu")(x)
        conv = layers.Conv1D(FILTERS, 3, dilation_rate=2**i, name=f"main_dil_conv_{i}")(rectified)
        shorter = cropped(x, conv.shape[1], x.name.split("/")[0] + "_cr")
        x = layers.add([conv, shorter], name=f"main_add_{i}")
    x = layers.ReLU(name=x.name.split("/")[0] + "_relu")(x)
    head = cropped(layers.Conv1D(2, 75, name="main_profile_head")(x), BASES, "main_cropped")
    mean = layers.GlobalAveragePooling1D(name="main_global_avg_pooling")(x)
    counts = layers.Dense(1, name="main_counts_head")(mean)
    control = keras.Input((BASES, 4), name="profile_bias_input_0")
    control_counts = keras.Input((4,), name="counts_bias_input_0")
    both = layers.concatenate([head, control], name="main_concat_with_prof_bias_0", axis=-1)
    profile = layers.Conv1D(2, 1, name="profile_predictions")(both)
    summed = layers.Lambda(
        lambda x: tf.math.reduce_logsumexp(x, axis=-1, keepdims=True),
        name="main_logsumexp_counts_bias_0",
    )(control_counts)
    joined = layers.concatenate([counts, summed], name="main_concat_with_counts_bias_0", axis=-1)
    log_counts = layers.Dense(1, name="logcounts_predictions")(joined)
    return CustomModel(inputs=[sequence, control, control_counts], outputs=[profile, log_counts])


def odd():
    """Return a model of an odd window and profile."""
    sequence = keras.Input((131, 4), name="sequence")
    x = layers.Conv1D(5, 4, padding="same", activation="relu")(sequence)
    profile = layers.Flatten()(cropped(layers.Conv1D(1, 7)(x), 33, "profile"))
    return keras.Model(sequence, [layers.Dense(1)(layers.GlobalAvgPool1D()(x)), profile])


def main():
    """Write real.zip beside this file."""
    rng, target = np.random.default_rng(0), Path(__file__).with_name("real.zip")
    whole, nobias, bias = chrombpnet()
    models = {"chrombpnet": whole, "nobias": nobias, "bias": bias, "bpnet": bpnet(), "odd": odd()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zipped:
        for weight in (weight for model in models.values() for weight in model.weights):
            weight.assign(rng.normal(size=weight.shape) * 0.3)
        for name, model in models.items():
            reads = [model.input] if not isinstance(model.input, list) else model.input
            codes = rng.integers(0, 4, (ROWS, reads[0].shape[1])).astype(np.uint8)
            codes[1, 30:37] = 4
            letters = np.vstack([np.eye(4), np.zeros((1, 4))])[codes].astype(np.float32)
            zeros = [np.zeros((ROWS, *other.shape[1:]), np.float32) for other in reads[1:]]
            answers = model.predict([letters, *zeros] if zeros else letters, verbose=0)
            files = [Path(f"{name}.h5"), Path(f"{name}.npz")]
            model.save(files[0])
            counts, profile = sorted(answers, key=lambda answer: answer[0].size)
            np.savez(files[1], codes=codes, counts=counts, profile=profile)
            for file in files:
                zipped.write(file)
                file.unlink()


if __name__ == "__main__":
    main()

"""What the two kinds of networks that `regplug train basset` trains have in common."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regplug.errors import ModelError
from regplug.models.stack import StackShape, check_arrays
from regplug.train.basset.network import Basset
from regplug.train.basset.recipe import Shape
from regplug.train.cnn.network import Cnn

Arrays = Mapping[str, NDArray[np.float32]]
Kinds = Basset | Cnn
LAST = ("last.", "head.")  # how the names of the last layer's arrays begin: Basset's, a Cnn's
_NOT_LEARNED = ("num_batches_tracked", "one_hot")


def build(shape: Shape, dropout: float) -> Kinds:
    """Return a network, its initial weights drawn from torch's random numbers."""
    return Basset(shape, dropout=dropout) if isinstance(shape, StackShape) else Cnn(shape)


def probabilities(network: Kinds, codes: Tensor) -> Tensor:
    """Return what the exported graph gives for codes (n, width): the strands' mean (n, targets).

    Basset averages the strands' probabilities; of a Cnn the logits are averaged.
    """
    means = network.both_strands(codes)
    return means if isinstance(network, Basset) else means.sigmoid()


def arrays_of(network: Kinds) -> dict[str, NDArray[np.float32]]:
    """Return a copy of the network's weights and the statistics of its norms, by name."""
    return {
        name: np.array(value.detach().cpu(), np.float32)
        for name, value in network.state_dict().items()
        if not name.endswith(_NOT_LEARNED)
    }


def load_arrays(network: Kinds, arrays: Arrays) -> None:
    """Give the network the weights and statistics of another network of its shape.

    Raises:
        ModelError: the arrays are of another shape, or damaged.
    """
    check_arrays(arrays, {name: array.shape for name, array in arrays_of(network).items()})
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    network.load_state_dict(state, strict=False)  # what _NOT_LEARNED names is not in `arrays`


def seed_from(network: Kinds, arrays: Arrays, same: Mapping[int, int] = {}) -> None:
    """Give the network another's weights; of the last layer, those of the same targets.

    Without any the last layer is new, as basset_train.lua -seed has it. If it reads other numbers
    than the other network's, it is new too.

    Args:
        network: to begin with.
        arrays: the other network's.
        same: target of `network` → the same target of the other.

    Raises:
        ModelError: the layers below the last are of another shape, or damaged.
    """
    trunk = {name: array for name, array in arrays.items() if not name.startswith(LAST)}
    last = {name: array for name, array in arrays_of(network).items() if name.startswith(LAST)}
    for name, array in last.items():
        other = arrays.get(name)
        if other is not None and other.shape[1:] == array.shape[1:]:
            array[list(same.keys())] = other[list(same.values())]
    try:
        load_arrays(network, trunk | last)
    except ModelError as error:
        raise ModelError(
            f"{error}: the recipe's network must be the trained one's, but for its targets"
        ) from error

"""The two kinds of networks that `regplug train basset` trains, as one."""

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
LAST = ("last.", "head.")  # of the names of the last layer's arrays
_NOT_LEARNED = ("num_batches_tracked", "one_hot")


def build(shape: Shape, dropout: float) -> Kinds:
    """Return a network, its first weights drawn from torch's random numbers."""
    return Basset(shape, dropout=dropout) if isinstance(shape, StackShape) else Cnn(shape)


def probabilities(network: Kinds, codes: Tensor) -> Tensor:
    """Return what the exported graph gives for codes (n, width): the strands' mean (n, targets).

    Basset averages the strands' probabilities; of a Cnn the logits are averaged.
    """
    means = network.both_strands(codes)
    return means if isinstance(network, Basset) else means.sigmoid()


def arrays_of(network: Kinds) -> dict[str, NDArray[np.float32]]:
    """Return a copy of all that the network has learned."""
    return {
        name: np.array(value.detach().cpu(), np.float32)
        for name, value in network.state_dict().items()
        if not name.endswith(_NOT_LEARNED)
    }


def load_arrays(network: Kinds, arrays: Arrays) -> None:
    """Give the network what another of its shape has learned.

    Raises:
        ModelError: the arrays are of another shape, or damaged.
    """
    check_arrays(arrays, {name: array.shape for name, array in arrays_of(network).items()})
    state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    network.load_state_dict(state, strict=False)  # what is not learned stays


def seed_from(network: Kinds, arrays: Arrays) -> None:
    """Give the network what another has learned, but for the last layer (basset_train.lua -seed).

    Raises:
        ModelError: the layers below the last are of another shape, or damaged.
    """
    own = arrays_of(network)
    trunk = {name: array for name, array in arrays.items() if not name.startswith(LAST)}
    last = {name: array for name, array in own.items() if name.startswith(LAST)}
    try:
        load_arrays(network, trunk | last)
    except ModelError as error:
        raise ModelError(
            f"{error}: the recipe's network must be the trained one's, but for its targets"
        ) from error

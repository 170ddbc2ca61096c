"""A state dict of bpnet-lite's ─bpnet_lite_net→ Net: BPNet, BasePairNet, ChromBPNet's without bias.

Both forms are a wide convolution, dilated ones whose answers are added up, and two heads. BPNet
rectifies what is added, as chrombpnet does, and BasePairNet what a dilated convolution reads, as
basepairmodels does.
Source of the forms: bpnet-lite 1.1.0, bpnet.py.
"""

import re
from math import log

from regplug.models.foreign import Net
from regplug.models.onnx_builder import Builder
from regplug_bpnet.conv_net import WINDOW, Sizes, closed, conv, opened, trimming_of
from regplug_bpnet.state import State

_MARGIN = 37  # half of the profile's filters: counts are the mean of all bases that it reads
_FIXED = ("iconv", "fconv", "linear")


def bpnet_lite_net(
    state: State, *, window: int | None, profile: int | None, basepairnet: bool = False
) -> Net:
    """Return the network of a state dict, which does not tell how many bases it reads.

    Args:
        state: its arrays.
        window: bases that it reads; 2,114 if it is not told.
        profile: bases that it predicts; as many as its class leaves if it is not told.
        basepairnet: whether it is a BasePairNet and no BPNet.

    Raises:
        ModelError: an array is missing, unknown or of another shape, or the sizes do not fit.
    """
    window = window or WINDOW
    layers = len({name for name in state.arrays if re.fullmatch(r"rconvs\.\d+\.weight", name)})
    names = [*_FIXED, *(f"rconvs.{i}" for i in range(layers))]
    state.check_names({f"{name}.{kind}" for name in names for kind in ("weight", "bias")})
    usual = 2**layers if basepairnet else 47 + sum(2**i for i in range(1, layers + 1))
    trimming = trimming_of(window, profile, usual, state.called)
    graph = Builder()
    x, filters = opened(state, graph)
    x = x if basepairnet else graph.op("Relu", x)
    for i in range(layers):
        read = graph.op("Relu", x) if basepairnet else x
        size = state.shape(f"rconvs.{i}.weight", 3)[2]
        more = conv(state, graph, read, f"rconvs.{i}", (filters, filters, size), 2 ** (i + 1))
        x = graph.op("Add", x, more if basepairnet else graph.op("Relu", more))
    x = graph.op("Relu", x) if basepairnet else x
    strands = state.shape("fconv.weight", 3)[0]
    # ln(reads + 1) of a control without reads is 0; BasePairNet has ln(reads + 2).
    control = log(2) if basepairnet else 0.0
    return closed(state, graph, x, filters, Sizes(window, trimming, _MARGIN, strands), control)

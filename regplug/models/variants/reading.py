"""What a filter or a pool reads along the bases, from the attributes that ONNX gives it."""

from collections.abc import Sequence

from regplug.models.variants.geometry import Reading
from regplug.models.variants.tensor import Attributes, Input, Tensor


def reading_of(tensor: Input, attributes: Attributes, sizes: Sequence[int]) -> Reading | None:
    """Return what a filter or pool of these sizes reads of (n, c, ...), along the bases alone."""
    if not isinstance(tensor, Tensor) or tensor.roles[:2] != ("n", "c") or tensor.backwards:
        return None
    along, count = tensor.axis("l") - 2, len(tensor.roles) - 2
    if len(sizes) != count or attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        return None
    if attributes.get("storage_order") or any(
        size != 1 for axis, size in enumerate(sizes) if axis != along
    ):
        return None
    pads = attributes.get("pads", [0] * 2 * count)
    if any(pads[axis] or pads[count + axis] for axis in range(count) if axis != along):
        return None
    step = attributes.get("strides", [1] * count)[along]
    apart = attributes.get("dilations", [1] * count)[along]
    return Reading(tuple(at * apart - pads[along] for at in range(sizes[along])), step)


def length_of(tensor: Tensor, attributes: Attributes, taps: int) -> int:
    """Return the elements of a filter's or pool's output."""
    along, count = tensor.axis("l") - 2, len(tensor.roles) - 2
    pads = attributes.get("pads", [0] * 2 * count)
    apart = attributes.get("dilations", [1] * count)[along]
    step = int(attributes.get("strides", [1] * count)[along])
    padded = int(tensor.geometry.length + pads[along] + pads[count + along])
    room = padded - int(apart) * (taps - 1) - 1
    if not attributes.get("ceil_mode"):
        return room // step + 1
    # A last pool must begin inside, not in what is put around.
    inside = int(tensor.geometry.length + pads[along])
    return min(-(-room // step) + 1, -(-inside // step))

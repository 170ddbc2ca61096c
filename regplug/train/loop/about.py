"""What the maker of a model says of it, for its card."""

from typing import NamedTuple


class About(NamedTuple):
    """What no run knows of itself.

    Attributes:
        name: of the model.
        version: of the model.
        trained_on: in words.
        assembly: of the training data.
        license: of the weights.
        cite_as: the publication to cite; "" for the method's.
        doc: what the outputs are; "" for what the command writes of such networks.
        default: True to let annotate run it unasked.
    """

    name: str
    version: str = "1"
    trained_on: str = ""
    assembly: str = ""
    license: str = ""
    cite_as: str = ""
    doc: str = ""
    default: bool = False

"""A model directory → the same with another part below the card's lines of config.pbtxt."""

from pathlib import Path

from regplug.errors import ModelError
from regplug.files.output import complete
from regplug.models.repository import check_model, promised_config
from regplug.models.tuning import FIRST_WORD, Tuning
from regplug.models.variants.served import served_name


def tune(folder: Path, tuning: Tuning) -> list[Path]:
    """Write how a server is to run the model in `folder`, and NAME_variants if it is beside it.

    NAME_variants keeps to float32 and to what onnxruntime has by itself.

    Returns:
        The files that were written.

    Raises:
        ModelError: there is no such model or its files disagree, or TensorRT is asked for one that
            reads any length.
        OutputError: a file cannot be written.
    """
    card = check_model(folder)
    if tuning.tensorrt and card.window is None:
        raise ModelError(
            f"{card.name} reads any length, for each of which TensorRT would build an engine: "
            "leave --tensorrt out"
        )
    texts = {folder / "config.pbtxt": promised_config(card) + tuning.lines(card)}
    beside = folder.parent / served_name(card) / "config.pbtxt"
    if beside.is_file() and not (beside.parent / "card.json").exists():
        text = beside.read_text()
        texts[beside] = text[: text.index(FIRST_WORD)] + tuning.instance_lines()
    for path, text in texts.items():
        with complete(path) as partial:
            partial.write_text(text)
    return list(texts)

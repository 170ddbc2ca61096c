"""Draw docs/first_picture.png: what TERT C228T does, base by base.

python docs/first_picture.py
"""

from contextlib import closing
from pathlib import Path

from regplug.adapter import FieldOptions
from regplug.backend import BackendOptions
from regplug.explain import explain
from regplug.explain_picture import Explained, draw
from regplug.genome import Genome
from regplug.hits import best, find_hits
from regplug.matches import jaspar
from regplug.model import Model
from regplug.plugins import adapter_for, open_backend, plugin_manager
from regplug.variant import Variant

ROOT = Path(__file__).parent.parent
MODEL, TARGET = "deepbind_encode", "GABPA"
VARIANT, NAME = Variant("chr5", 1_295_113, "G", "A"), "TERT C228T"


def main(path: Path) -> None:
    """Write the picture to `path`."""
    manager = plugin_manager()
    repository = str(ROOT / "model_repo")
    with (
        closing(open_backend(manager, repository, MODEL, BackendOptions())) as backend,
        Genome(ROOT / "examples/example.hg38.fa.gz") as genome,
    ):
        model = Model(backend, adapter_for(manager, backend.card), FieldOptions())
        target = backend.card.labels.index(TARGET)
        (found,) = explain(VARIANT, model, genome, targets=[target], flank=30)
        hit = best(find_hits(genome, VARIANT, jaspar().motifs), [TARGET])
        draw([Explained(backend.card, found, hit, NAME)], [path])


if __name__ == "__main__":
    main(ROOT / "docs/first_picture.png")

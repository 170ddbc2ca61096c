"""The header of an annotated VCF ─recorded→ how its tags were made, as `provenance` wrote it."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from regplug.errors import VariantFileError
from regplug.files.lines import lines_of
from regplug.scoring.adapter import tag
from regplug.vcf.provenance import tags_by_source

_KEY = re.compile(r'(?P<key>\w+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^,>]*))')
_LINE = re.compile(
    r"##regplug_(?P<kind>model|background|overall|assays|reference|genes|contig)=<(?P<values>.*)>"
)


class RecordedModel(NamedTuple):
    """A model that ran.

    Attributes:
        name: the model's.
        version: of its card.
        sha256: of its graph.
        targets: with tags of their own.
        scores: of these.
        stratum: of the background that changes were compared with, or "" if the model had none.
        background: sha256 of that background, or "".
        sample: on whose haplotypes ALTs were scored too, or "".
        precision: in what numbers the model ran, where not in float32, or "".
    """

    name: str
    version: str
    sha256: str
    targets: tuple[str, ...]
    scores: tuple[str, ...]
    stratum: str
    background: str
    sample: str = ""
    precision: str = ""


class Recorded(NamedTuple):
    """What the header says of the runs that made the tags.

    Attributes:
        models: that ran, in order.
        overall: names of those that RP_TOP and RP_Q are of.
        assays: names of those that the tags of assays are of.
        references: the FASTAs, name → sha256 of the .fai.
        genes: of --genes, name → sha256; without --genes none.
        contigs: md5 of their letters, if they were asked for.
        tags: source (`regplug`, `regplug:MODEL`) → its tags, in order.
    """

    models: tuple[RecordedModel, ...]
    overall: tuple[str, ...]
    assays: tuple[str, ...]
    references: dict[str, str]
    genes: dict[str, str]
    contigs: dict[str, str]
    tags: dict[str, list[str]]

    def by(self, model: str) -> Literal["model", "assay", ""]:
        """Return whose tags sum up a model: its own, those of assays, or nobody's any more."""
        if model in self.assays:
            return "assay"
        own = self.tags.get(f"regplug:{model}", ())
        return "" if own and f"{tag(model)}__STATUS" not in own else "model"

    @property
    def stems(self) -> tuple[str, ...]:
        """Return what the tags of assays begin with, as RP_DNASE_SEQ."""
        shared = (name.rpartition("__") for name in self.tags.get("regplug", ()))
        return tuple(stem for stem, _, what in shared if what == "TOP")


def recorded(header: str) -> Recorded:
    """Return what a header says.

    Raises:
        VariantFileError: regplug did not write it, or a version that did not say all.
    """
    lines: dict[str, list[dict[str, str]]] = {}
    for line in lines_of(header):
        if found := _LINE.fullmatch(line):
            lines.setdefault(found["kind"], []).append(_values(found["values"]))
    if "model" not in lines or "reference" not in lines:
        raise VariantFileError("the header has no ##regplug_model line: regplug annotate writes it")
    names = ",".join(line.get("ID", "") for line in lines["model"])
    ranked = lines.get("overall", [{"models": names}])
    backgrounds = {line.get("ID", ""): line for line in lines.get("background", [])}
    try:
        return Recorded(
            tuple(_model(line, backgrounds.get(line["ID"])) for line in lines["model"]),
            _words(ranked[-1]["models"]),
            _words(lines.get("assays", [{"models": ""}])[-1]["models"]),
            {line["file"]: line["fai_sha256"] for line in lines["reference"]},
            {line["file"]: line["sha256"] for line in lines.get("genes", [])},
            {line["ID"]: line["md5"] for line in lines.get("contig", [])},
            tags_by_source(header),
        )
    except KeyError as error:
        raise VariantFileError(
            f"a ##regplug_ line of the header has no {error}: an older version wrote it; annotate "
            "again"
        ) from error


def _values(text: str) -> dict[str, str]:
    return {
        found["key"]: found["plain"]
        if found["quoted"] is None
        else re.sub(r"\\(.)", r"\1", found["quoted"])
        for found in _KEY.finditer(text)
    }


def _model(line: Mapping[str, str], background: Mapping[str, str] | None) -> RecordedModel:
    targets, scores = _words(line["targets"]), _words(line["scores"])
    stratum, sha256 = (background["stratum"], background["sha256"]) if background else ("", "")
    version, graph, sample = line["version"], line["sha256"], line.get("phased", "")
    return RecordedModel(
        *(line["ID"], version, graph, targets, scores, stratum, sha256, sample),
        line.get("precision", ""),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))

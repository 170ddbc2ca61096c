"""The header of an annotated VCF: lines for its tags, and for how they were made."""

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from regplug.errors import VariantFileError
from regplug.files.lines import lines_of
from regplug.files.sources import sources_of
from regplug.genome.fasta import Genome
from regplug.scoring.adapter import FieldOptions, InfoField
from regplug.scoring.card import NOT_STATED
from regplug.scoring.model import Model, by_assay
from regplug.scoring.ranking import Ranking

_INFO = re.compile(r"##INFO=<ID=(?P<tag>[^,>]+)")
_SOURCE = re.compile(r',Source="?(?P<source>[^",>]*)"?')


def header_lines(
    version: str,
    command: Sequence[str],
    models: Sequence[Model],
    genome: Genome,
    *,
    genes: str = "",
    md5: bool,
) -> list[str]:
    """Return the `##regplug_…` lines of a run.

    Args:
        version: of regplug.
        command: the command line, word by word; without it, no line tells it or the version.
        models: that ran.
        genome: the reference they read.
        genes: the file of --genes, or "".
        md5: True to write also the md5 of each contig's upper-case letters (`##regplug_contig`).
    """
    line = shlex.join(command).replace("\r", "\\r").replace("\n", "\\n")
    lines = [f"##regplug_version={version}", f"##regplug_command={line}"] if command else []
    lines += [
        f"##regplug_model=<ID={card.name},version={card.version},sha256={card.sha256},"
        f"window={card.window},strand={card.strand},"
        f"license={_quoted([card.license or NOT_STATED])},"
        f"targets={_quoted(options.targets)},scores={_quoted(options.scores)}{_sample(options)}{_precision(model)}>"
        for model, card, options in ((model, model.card, model.options) for model in models)
    ]
    ranked = [model.ranking for model in models if model.ranking.tables]
    lines += [_background_line(ranking) for ranking in ranked]
    lines.append(f"##regplug_overall=<ID=RP_Q,models={_quoted([of.card.name for of in ranked])}>")
    if assays := by_assay(models):
        lines.append(f"##regplug_assays=<ID=assays,models={_quoted(assays)}>")
    lines.append(
        f"##regplug_reference=<ID={genome.index_sha256[:12]},file={_name(genome.path)},"
        f"fai_sha256={genome.index_sha256}>"
    )
    if genes:
        (of,) = sources_of([Path(genes)])
        named = f"ID={of.sha256[:12]},file={_name(Path(of.name))}"
        lines.append(f"##regplug_genes=<{named},sha256={of.sha256}>")
    if md5:
        lines += [f"##regplug_contig=<ID={c},md5={genome.md5(c)}>" for c in genome.lengths]
    return lines


def _sample(options: FieldOptions) -> str:
    """Return whose haplotypes ALTs were scored on, for a model's line, or ""."""
    return f",phased={_quoted([options.sample])}" if options.sample else ""


def _precision(model: Model) -> str:
    """Return in what numbers a model ran, for its line; "" for float32."""
    return f",precision={model.precision}" if model.precision else ""


def _background_line(ranking: Ranking) -> str:
    """Return the line that tells what the ALTs of a model are compared with, by kind."""
    background = ranking.card.background
    assert background
    counts = ",".join(f"{kind}={table.of.scored}" for kind, table in ranking.tables.items())
    return (
        f"##regplug_background=<ID={ranking.card.name},stratum={ranking.stratum},"
        f"sha256={background.sha256},genome={_name(Path(background.genome))},{counts}>"
    )


def tags_of(header: str, sources: Collection[str]) -> set[str]:
    """Return the tags in a header that earlier runs wrote for `sources` (`regplug:MODEL`)."""
    return {
        found["tag"]
        for line in lines_of(header)
        if (found := _INFO.match(line)) and _source(line) in sources
    }


def annotated_header(
    header: str, fields: Mapping[str, Sequence[InfoField]], lines: Sequence[str]
) -> str:
    """Return a header's text with the tags and the `##regplug_…` lines of a run added.

    What an earlier run wrote for the same models is replaced; its command line stays.

    Args:
        header: of the input.
        fields: source (`regplug` or `regplug:MODEL`) → its tags; each tag's line names its source.
        lines: of `header_lines`.

    Raises:
        VariantFileError: a tag in the header that regplug did not write has the name of a tag of
            this run.
    """
    *before, columns = lines_of(header)
    foreign = {found["tag"] for line in before if (found := _INFO.match(line))}
    foreign -= tags_of(header, fields)
    names = [tag.id for tags in fields.values() for tag in tags]
    if clash := next((name for name in names if name in foreign), None):
        raise VariantFileError(
            f"the input already has an INFO tag {clash} that regplug did not write: "
            "rename or remove it first (bcftools annotate -x)"
        )
    added = [_info_line(tag, source) for source, tags in fields.items() for tag in tags]
    models = [line.split(",")[0] for line in lines if line.startswith("##regplug_model=")]
    models += [f"##regplug_model=<ID={name}" for name in _without_tags(header)]
    replaced = {*models, *(line.replace("_model=", "_background=") for line in models)}
    kept = [
        line
        for line in before
        if not (_INFO.match(line) and _source(line) in fields)
        and line.split(",")[0] not in replaced
        and not line.startswith(("##regplug_overall=", "##regplug_assays="))
        and line not in lines
    ]
    return "\n".join([*kept, *added, *lines, columns]) + "\n"


def _without_tags(header: str) -> list[str]:
    """Return the models that had tags of assays alone, which every later run replaces."""
    found = re.search(r'^##regplug_assays=<(?:ID=assays,)?models="([^"]*)">', header, re.MULTILINE)
    own = tags_by_source(header)
    return [name for name in found[1].split(",") if f"regplug:{name}" not in own] if found else []


def tags_by_source(header: str) -> dict[str, list[str]]:
    """Return the sources of a header's tags that are regplug's, and their tags, in order."""
    found: dict[str, list[str]] = {}
    for line in lines_of(header):
        if (tag := _INFO.match(line)) and _source(line).partition(":")[0] == "regplug":
            found.setdefault(_source(line), []).append(tag["tag"])
    return found


def _quoted(words: Sequence[str]) -> str:
    escaped = ",".join(words).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _name(path: Path) -> str:
    return re.sub(r'[<>,="\s]', "_", path.name)


def _source(line: str) -> str:
    found = _SOURCE.search(line)
    return found["source"] if found else ""


def _info_line(tag: InfoField, source: str) -> str:
    text = tag.description.replace("\\", "\\\\").replace('"', '\\"')
    return f'##INFO=<ID={tag.id},Number=A,Type={tag.type},Description="{text}",Source="{source}">'

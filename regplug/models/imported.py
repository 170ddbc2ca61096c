"""Other people's networks → a model directory, after what can be asked of any network.

Nets, About ─import_nets→ <name>, and warnings
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from onnx import ModelProto

from regplug.errors import ModelError
from regplug.files.version import VERSION
from regplug.genome.codes import Codes, reverse_complement
from regplug.hooks.about import About, Strand
from regplug.hooks.measuring import Measuring
from regplug.models.embedded import IN_CACHE
from regplug.models.export import PLAIN, export_model, random_codes
from regplug.models.foreign import Net
from regplug.models.golden import check_golden
from regplug.models.joined import Reading, is_of_counts, joined, turned_axes
from regplug.models.letters import doubts_about_letters
from regplug.models.library import open_session
from regplug.models.stack import rows_per_call
from regplug.scoring.card import ModelCard, Target
from regplug.scoring.outputs import Output, Scale, scale_of

Predict = Callable[[Codes], NDArray[np.float32]]
_SOME, _ROWS = 5, 96  # rows that are compared alone and together; random ones in all


class Imported(NamedTuple):
    """A finished card, and what the user should look at."""

    card: ModelCard
    warnings: list[str]


def import_nets(
    nets: Sequence[Net],
    repo: Path,
    about: About,
    *,
    command: str,
    family: str = "variant_effect",
    golden: Path | None = None,
    measuring: Measuring = PLAIN,
) -> Imported:
    """Write the model of networks, whose answers are averaged, into `repo`.

    Args:
        nets: one, or the members of an ensemble.
        repo: the model repository.
        about: what the card says.
        command: that imports them, for the card.
        family: of the card, which names the adapter that scores variants.
        golden: a table of sequences and what the network answers to each as it stands; checked, of
            its first head.
        measuring: how the targets' spreads are measured.

    Raises:
        ModelError: they are no ensemble, answer to one row by the others, or not as `about` or
            `golden` says.
        OutputError: the model cannot be written.
    """
    first = nets[0]
    reading = Reading("none", about.letters, about.unknown)
    if about.outputs and sorted(about.outputs.values()) != sorted(h.kind for h in first.heads):
        raise ModelError(
            f"models import {command} reads one output: leave outputs out of the notes"
        )
    alone = predictors(joined(nets, reading, sigmoid=about.sigmoid), first)
    predict = alone[first.heads[0].name]
    codes = random_codes(np.random.default_rng(2), _ROWS, first.window)
    codes[0, : first.window // 3] = 4
    answers = predict(codes)
    for answer in alone.values():
        _check_alone(answer, codes[:_SOME], answer(codes)[:_SOME], first.called)
    probability = about.sigmoid or all(net.probability for net in nets)
    if about.sigmoid and first.probability:
        raise ModelError(
            f"{first.called} ends with a sigmoid or softmax, so its answers are no logits: leave "
            "--sigmoid out"
        )
    if about.outputs:
        for head in first.heads:
            _check_scale(
                scale_of(head.kind), alone[head.name](codes), f"{first.called} ({head.name})"
            )
        about = replace(about, scale=about.scale or scale_of(first.heads[0].kind))
    scale = _scale(about, answers, first.called, probability=probability)
    if golden is not None:
        check_golden(golden, predict, first, about.letters)
    warnings = [*_flat(answers, first.called), *doubts_about_letters(predict, codes, about.letters)]
    graph = joined(nets, reading._replace(strand=about.strand), sigmoid=about.sigmoid)
    finished = predictors(graph, first)
    for head in first.heads:
        apart = [alone]
        if is_of_counts(head, about.strand) and len(nets) > 1:
            apart = [predictors(joined([net], reading), net) for net in nets]
        members = [answer[head.name] for answer in apart]
        _check_strands(finished[head.name], members, codes[:_SOME], about.strand, head)
    card = _card(first, about, scale, f"regplug {VERSION} models import {command}", len(nets))
    card = replace(card, family=family)
    return Imported(export_model(repo, card, graph.SerializeToString(), measuring), warnings)


def predictors(graph: ModelProto, net: Net) -> dict[str, Predict]:
    """Return what predicts each head with a net's graph: codes (n, width) → answers (n, ...).

    Raises:
        ModelError: onnxruntime cannot run it.
    """
    answers = _Answers(open_session(graph.SerializeToString(), net.called), net)
    return {head.name: partial(answers.of, at) for at, head in enumerate(net.heads)}


class _Answers:
    """What a graph answers, all heads at once: so codes that are asked for again are known."""

    def __init__(self, session: Any, net: Net) -> None:
        self._session, self._net = session, net
        self._rows = min(IN_CACHE, rows_per_call(net.largest))
        self._known: tuple[Codes, list[NDArray[np.float32]]] | None = None  # the last _ROWS rows

    def of(self, head: int, codes: Codes) -> NDArray[np.float32]:
        """Return a head's answers to codes (n, width).

        Raises:
            ModelError: the graph cannot read the codes, or answers NaN or inf.
        """
        if self._known is None or not np.array_equal(self._known[0], codes):
            found = self._asked(codes)
            if len(codes) < _ROWS:
                return self._finite(found[head])
            self._known = codes.copy(), found
        return self._finite(self._known[1][head])

    def _asked(self, codes: Codes) -> list[NDArray[np.float32]]:
        names = [head.name for head in self._net.heads]
        starts = range(0, len(codes), self._rows)
        try:
            parts = [
                self._session.run(names, {"codes": codes[start : start + self._rows]})
                for start in starts
            ]
        except Exception as error:  # onnxruntime's own
            called = self._net.called
            raise ModelError(f"{called} cannot read {codes.shape[1]} bases: {error}") from error
        return [np.concatenate(of_head) for of_head in zip(*parts, strict=True)]

    def _finite(self, answers: NDArray[np.float32]) -> NDArray[np.float32]:
        if not np.isfinite(answers).all():
            raise ModelError(f"{self._net.called} answers NaN or inf to random sequences")
        return answers


def _check_alone(
    predict: Predict, codes: Codes, together: NDArray[np.float32], called: str
) -> None:
    """Check that a sequence's answer is its own, and the same each time.

    Raises:
        ModelError: it depends on the other rows, or on chance.
    """
    alone = np.concatenate([predict(row[np.newaxis]) for row in codes])
    off = np.abs(alone - together) / np.maximum(1, np.abs(together))
    if not off.max() <= 1e-4:
        raise ModelError(
            f"{called} answers otherwise to a sequence alone than among others (by "
            f"{off.max():.2g}): export it for use, not for training (model.eval()), and for any "
            "number of rows"
        )


def _check_strands(
    finished: Predict, members: Sequence[Predict], codes: Codes, strand: Strand, head: Output
) -> None:
    """Check that the finished graph joins the strands' answers as the card will say.

    Raises:
        ModelError: it does not, which is a fault of regplug.
    """
    wanted = np.mean([_of_strands(member, codes, strand, head) for member in members], axis=0)
    if not np.allclose(finished(codes), wanted, rtol=1e-4, atol=1e-4):
        raise ModelError("the finished graph answers otherwise than its network: report it")


def _of_strands(
    alone: Predict, codes: Codes, strand: Strand, head: Output
) -> NDArray[np.floating[Any]]:
    """Return the answers to codes as `strand` joins them, of those to the codes as they stand."""
    plus = alone(codes)
    if strand not in ("mean", "max"):
        return plus
    minus = np.flip(alone(reverse_complement(codes)), turned_axes(head, strand))
    if is_of_counts(head, strand):
        return np.asarray(np.logaddexp(plus, minus) - np.log(2))
    return np.maximum(plus, minus) if strand == "max" else (plus + minus) / 2


def _scale(about: About, answers: NDArray[np.float32], called: str, *, probability: bool) -> Scale:
    """Return the scale of the answers.

    Raises:
        ModelError: they are not on the one that was said.
    """
    scale = about.scale or ("probability" if probability else "score")
    _check_scale(scale, answers, called)
    return scale


def _check_scale(scale: Scale, answers: NDArray[np.float32], called: str) -> None:
    """Raise a ModelError if answers are not on a scale."""
    lowest, highest = answers.min(), answers.max()
    if scale == "probability" and not 0 <= lowest <= highest <= 1:
        raise ModelError(
            f"{called} answers {lowest:.4g} to {highest:.4g} to random sequences, no "
            "probabilities: say --sigmoid if they are logits, or another --scale"
        )
    if scale == "positive" and lowest < 0:
        raise ModelError(f"{called} answers {lowest:.4g}, not above 0: say another --scale")


def _flat(answers: NDArray[np.float32], called: str) -> list[str]:
    flat = int((np.ptp(answers, axis=0) == 0).sum())
    if not flat:
        return []
    which = "all" if flat == answers.shape[1] else f"{flat} of {answers.shape[1]}"
    return [
        f"{called}: {which} of its answers are the same for every random sequence; are the layout "
        "and the weights right?"
    ]


def _card(net: Net, about: About, scale: Scale, created_by: str, members: int) -> ModelCard:
    targets = about.targets or tuple(Target(f"t{i}") for i in range(net.targets))
    if len(targets) != net.targets:
        raise ModelError(f"{len(targets)} targets are named, and {net.called} has {net.targets}")
    strands = {
        "mean": "mean of both strands",
        "max": "maximum of both strands",
        "forward": "the transcribed strand",
        "none": "the sequence as it stands",
    }
    several = f", mean of {members} networks" if members > 1 else ""
    try:
        return ModelCard(
            name=about.name,
            version=about.version,
            family="variant_effect",
            window=net.window,
            targets=targets,
            strand=about.strand,
            output_scale=scale,
            max_batch_size=rows_per_call(net.largest),
            sha256="",
            unknown_base=0.25 if about.unknown is None or "c" not in net.layout else about.unknown,
            assembly=about.assembly,
            doc=f"{about.doc or 'imported network'}{several}, {strands[about.strand]}",
            trained_on=about.trained_on,
            cite_as=about.cite_as,
            license=about.license,
            notice=about.notice,
            created_by=created_by,
            outputs=net.heads if about.outputs else (),
        )
    except ValueError as error:
        raise ModelError(f"there is no card of such a model: {error}") from error

"""Networks with different targets and windows in one graph: each target by those that have it."""

import numpy as np
import onnxruntime
import pytest
import torch

from regplug.genome.codes import reverse_complement
from regplug.models.library import open_session
from regplug.models.variants.graph import ALT, BLOCK, OF, STARTS, variants_graph
from regplug.scoring.alleles import column
from regplug.train.cnn.graph import Member, ensemble_graph, joint_graph
from regplug.train.cnn.shape import CnnShape
from tests.train.cnn.test_cnn import lived_in

WIDE = CnnShape(targets=2, width=48, channels=8, length=7, pool=4, block_length=3, centre=16)
SAME = CnnShape(targets=3, width=48, channels=4, length=5, pool=4, head="flat")
OUTPUTS = {"wide": (0, 1, 0, None), "same": (None, 1, 2, None), "narrow": (1, None, None, 0)}


def narrow(width):
    return CnnShape(targets=2, width=width, channels=6, length=9, pool=3, block_length=3)


def member(shape, seed, outputs):
    network = lived_in(shape, seed)
    return network, Member(
        shape, {name: value.numpy() for name, value in network.state_dict().items()}, outputs
    )


def scores_of(graph, codes):
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(["scores"], {"codes": codes})[0]


def made(width):
    shapes = {"wide": WIDE, "same": SAME, "narrow": narrow(width)}
    return [member(shapes[name], seed, OUTPUTS[name]) for seed, name in enumerate(shapes)]


@pytest.mark.parametrize("width", [30, 27, 48])
def test_a_target_is_the_mean_of_those_that_have_it(random_codes, width):
    networks = made(width)
    codes = random_codes(40, 48, seed=1, unknown=0.05)
    total, count = np.zeros((40, 4)), np.zeros(4)
    for network, (shape, _, outputs) in networks:
        start = (48 - shape.width) // 2
        for strand in (codes, reverse_complement(codes)):
            with torch.no_grad():
                read = torch.from_numpy(strand[:, start : start + shape.width].copy())
                logits = network(read).numpy()
            for at, output in enumerate(outputs):
                if output is not None:
                    total[:, at] += logits[:, output]
                    count[at] += 1
    assert count.tolist() == [4, 4, 4, 2]  # an output of "wide" counts for two targets
    graph = joint_graph([one for _, one in networks])
    found = scores_of(graph, codes)
    np.testing.assert_allclose(found, total / count, atol=1e-5)
    np.testing.assert_allclose(scores_of(graph, reverse_complement(codes)), found, atol=1e-5)
    assert found.std(0).min() > 0.05


def test_the_variant_stays_in_the_middle(random_codes):
    """A target that one narrow network has alone is as that network's own graph has it."""
    networks = [one for _, one in made(30)]
    codes = random_codes(40, 48, seed=2)
    start = column(48) - column(30)
    alone = ensemble_graph(networks[2].shape, [networks[2].weights])
    expected = scores_of(alone, codes[:, start : start + 30])[:, 0]
    found = scores_of(joint_graph(networks), codes)[:, 3]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("width", [30, 27])
def test_variants_share_what_narrower_networks_make(random_codes, width):
    """SNVs scored together have the scores of each window alone, and no stem is computed twice."""
    model = joint_graph([one for _, one in made(width)], probabilities=True)
    together = variants_graph(model, column(48))
    assert together is not None
    stems = [node for node in model.graph.node if node.op_type == "Conv"]
    left = {node.name for node in together.graph.node if node.op_type == "Conv"}
    assert not left & {node.name for node in stems}
    block = random_codes(1, 90, seed=3)[0]
    starts, of = np.array([0, 5, 42]), np.array([0, 0, 1, 2, 2])
    alt = np.array([0, 3, 1, 2, 3], np.uint8)
    inputs = {BLOCK: block, STARTS: starts, OF: of, ALT: alt}
    (found,) = open_session(together.SerializeToString(), "toy", threads=1).run(None, inputs)
    ref = block[starts[:, None] + np.arange(48)]
    changed = ref[of]
    changed[:, column(48)] = alt
    np.testing.assert_allclose(found, scores_of(model, np.concatenate([ref, changed])), atol=1e-6)

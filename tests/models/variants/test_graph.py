import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regplug.models.embedded import open_session
from regplug.models.variants.graph import ALT, BLOCK, OF, STARTS, variants_graph
from regplug.scoring.alleles import column
from tests.models.variants.toy_graphs import networks, reference

ERROR = 1e-5


def answers(model, **inputs):
    (scores,) = open_session(model.SerializeToString(), "toy", threads=1).run(None, inputs)
    return scores


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.data())
def test_scores_are_those_of_each_window_alone(model, data):
    window = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    block = rng.integers(0, 5, window + data.draw(st.sampled_from([0, 60, 300]))).astype(np.uint8)
    starts = np.array(
        data.draw(st.lists(st.integers(0, len(block) - window), min_size=1, max_size=8))
    )
    of = rng.integers(0, len(starts), data.draw(st.integers(1, 6)))
    alt = rng.integers(0, 4, len(of)).astype(np.uint8)

    made = variants_graph(model, column(window))
    assert made is not None
    found = answers(made, **{BLOCK: block, STARTS: starts, OF: of, ALT: alt})

    ref = block[starts[:, None] + np.arange(window)]
    changed = ref[of]
    changed[:, column(window)] = alt
    windows = np.concatenate([ref, changed])
    wanted, plain = reference(model, windows), answers(model, codes=windows)
    assert found.shape == wanted.shape
    scale = max(1, abs(wanted).max())
    assert abs(found - wanted).max() <= max(ERROR * scale, 2 * abs(plain - wanted).max())

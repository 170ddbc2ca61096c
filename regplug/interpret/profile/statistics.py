"""Values of groups of exons ─compare→ tests against a control; `data/measure/bands` has means."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.measure.bands import Mean
from regplug.files.extras import needs
from regplug.interpret.profile.exons import SIDES, Side
from regplug.interpret.profile.scores import ExonGroup, Layout, Values


class Test(NamedTuple):
    """A group against the control in a window; the fields are the columns of tests.tsv.

    Attributes:
        group: its name.
        side: of the exons.
        start: first position of the window.
        end: position behind its last.
        n: exons of the group.
        n_control: exons of the control.
        mean: of the group's exons.
        mean_control: of the control's.
        auc: chance that an exon of the group is higher than one of the control; ties count half.
        p: of the Mann-Whitney test, two-sided.
        q: Benjamini and Hochberg's over all tests.
    """

    group: str
    side: Side
    start: int
    end: int
    n: int
    n_control: int
    mean: float
    mean_control: float
    auc: float
    p: float
    q: float


@dataclass(frozen=True, eq=False)
class Profile:
    """All that the report shows.

    Attributes:
        title: of the picture.
        groups: in the order they are shown in.
        control: name of the group that the others are compared with.
        means: name of a group, side → its mean.
        tests: of all groups.
        layout: which positions have a value.
    """

    title: str
    groups: Sequence[ExonGroup]
    control: str
    means: Mapping[tuple[str, Side], Mean]
    tests: Sequence[Test]
    layout: Layout


def check_libraries() -> None:
    """Check that the libraries for profiles are installed.

    Raises:
        MissingLibraryError: one is not.
    """
    with needs("motifs"):
        import matplotlib  # noqa: F401
        import scipy  # noqa: F401


def compare(groups: Mapping[str, Values], control: str, layout: Layout) -> list[Test]:
    """Test each group against `control` in each window.

    Each exon has one number in a window, the mean of its values there: the mean of these over exons
    is what the curve shows. The test is Mann and Whitney's, two-sided, as it needs no assumption of
    how scores are distributed. The q-values are Benjamini and Hochberg's over all tests.

    Args:
        groups: name of a group → its values.
        control: name of the group that the others are compared with.
        layout: says which windows.
    """
    from scipy.stats import false_discovery_control

    tests = [
        test
        for name, values in groups.items()
        if name != control
        for side in SIDES
        for test in _tests(name, side, values[side], groups[control][side], layout)
    ]
    q = false_discovery_control([test.p for test in tests], method="bh")
    return [test._replace(q=float(value)) for test, value in zip(tests, q, strict=True)]


def _tests(
    name: str,
    side: Side,
    values: NDArray[np.float32],
    control: NDArray[np.float32],
    layout: Layout,
) -> Iterator[Test]:
    """Yield the tests of one side, with q NaN: it takes the p-values of all tests."""
    from scipy.stats import mannwhitneyu

    first = layout.positions(side).start
    for start, end in layout.windows(side):
        tested, controls = (
            of_group[:, start - first : end - first].mean(axis=1, dtype=np.float64)
            for of_group in (values, control)
        )
        found = mannwhitneyu(tested, controls)
        tied = np.ptp(np.concatenate([tested, controls])) == 0  # p is NaN then from SciPy 1.18 on
        yield Test(
            *(name, side, start, end),
            *(len(tested), len(controls), tested.mean(), controls.mean()),
            auc=float(found.statistic / (len(tested) * len(controls))),
            p=1.0 if tied else float(found.pvalue),
            q=np.nan,
        )

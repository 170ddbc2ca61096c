"""The programs: each makes ready (imports, network), and returns the work that is timed.

All are given both strands: by what they have for it, or by a module around the network.
"""

from typing import Any

import numpy as np
import pysam

from benchmarks.peers.job import CORES, Array, Job, Work, one_hot


def network(job: Job) -> Any:
    """Return the network in torch, of one strand, which may use all cores."""
    import torch

    from benchmarks.variants_fast_networks import basset_in_torch

    torch.set_grad_enabled(False)
    torch.set_num_threads(CORES)
    return basset_in_torch(job.model).network.eval()


def naive(job: Job) -> Work:
    """Record by record, allele by allele, strand by strand, as a first script does it."""
    net = network(job)

    def work() -> Array:
        changes = []
        with pysam.FastaFile(str(job.fasta)) as fasta, pysam.VariantFile(str(job.vcf)) as records:
            records.header.info.add("DIFF", ".", "Float", "ALT - REF")
            with pysam.VariantFile(
                str(job.folder / "naive.vcf.gz"), "wz", header=records.header
            ) as out:
                for record in records:
                    start = record.pos - 1 - job.column
                    ref = fasta.fetch(record.chrom, start, start + job.window)
                    alt = ref[: job.column] + record.alts[0] + ref[job.column + 1 :]
                    scores = []
                    for allele in (ref, alt):
                        letters = one_hot(allele)[None]
                        strands = net(letters), net(letters.flip(1, 2))
                        scores.append(((strands[0] + strands[1]) / 2)[0].numpy())
                    changes.append(scores[1] - scores[0])
                    record.info["DIFF"] = changes[-1].tolist()
                    out.write(record)
        return np.array(changes)

    return work


def _both_strands(net: Any) -> Any:
    import torch

    class BothStrands(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = net

        def forward(self, letters: Any) -> Any:
            return (self.network(letters) + self.network(letters.flip(1, 2))) / 2

    return BothStrands().eval()


def script(job: Job) -> Work:
    """A careful script: batches of 256 windows through torch, a table of changes written."""
    import torch

    net = _both_strands(network(job))

    def work() -> Array:
        snvs = job.snvs()
        with pysam.FastaFile(str(job.fasta)) as fasta:
            genome = one_hot(fasta.fetch(snvs[0][0]))
        starts = [position - 1 - job.column for _, position, _, _ in snvs]
        made = []
        for first in range(0, len(snvs), 256):
            some = starts[first : first + 256]
            ref = torch.stack([genome[:, start : start + job.window] for start in some])
            alt = ref.clone()
            alt[:, :, job.column] = 0
            for row, snv in enumerate(snvs[first : first + 256]):
                alt[row, "ACGT".index(snv[3]), job.column] = 1
            made.append((net(alt) - net(ref)).numpy())
        changes = np.concatenate(made)
        np.save(job.folder / "script.npy", changes)
        return changes

    return work


def tangermeme(job: Job) -> Work:
    """tangermeme: `extract_loci`, then `substitution_effect` in batches of 256."""
    return _substituted(job, _both_strands(network(job)))


def _substituted(job: Job, net: Any) -> Work:
    import pandas as pd
    import torch
    from tangermeme.io import extract_loci
    from tangermeme.variant_effect import substitution_effect

    def work() -> Array:
        snvs = job.snvs()
        starts = [position - 1 - job.column for _, position, _, _ in snvs]
        contigs = [contig for contig, _, _, _ in snvs]
        loci = pd.DataFrame({0: contigs, 1: starts, 2: [at + job.window for at in starts]})
        letters = extract_loci(loci, str(job.fasta), in_window=job.window)
        letters = (letters[0] if isinstance(letters, tuple | list) else letters).float()
        alts = torch.tensor(["ACGT".index(alt) for *_, alt in snvs])
        rows = torch.arange(len(snvs))
        changes = torch.stack([rows, torch.full_like(rows, job.column), alts], 1)
        ref, alt = substitution_effect(net, letters, changes, batch_size=256, device="cpu")
        found = np.asarray(alt - ref)
        np.save(job.folder / "tangermeme.npy", found)
        return found

    return work


def selene(job: Job) -> Work:
    """Selene: `variant_effect_prediction` to HDF5, batches of 64 as it comes."""
    import h5py
    import torch
    from selene_sdk.predict import AnalyzeSequences
    from selene_sdk.sequences import Genome
    from selene_sdk.utils import NonStrandSpecific

    net = NonStrandSpecific(network(job), mode="mean")
    weights = job.folder / "selene.pth"
    torch.save(net.state_dict(), weights)
    with torch.no_grad():
        targets = net(torch.zeros(1, 4, job.window)).shape[1]
    analysis = AnalyzeSequences(
        net,
        str(weights),
        job.window,
        [f"T{number}" for number in range(targets)],
        batch_size=64,
        use_cuda=False,
        reference_sequence=Genome(str(job.fasta)),
    )

    def work() -> Array:
        out = job.folder / "selene"
        analysis.variant_effect_prediction(
            str(job.vcf), ["diffs", "predictions"], output_dir=str(out), output_format="hdf5"
        )
        (path,) = out.glob("*_diffs.h5")
        with h5py.File(path) as file:
            return np.asarray(file["data"])

    return work


def grelu(job: Job) -> Work:
    """gReLU: `predict_variant_effects` with both strands, batches of 64."""
    import grelu.variant
    import pandas as pd
    import torch
    from grelu.lightning import LightningModel

    net = network(job)
    torch.set_grad_enabled(True)
    small = {"model_type": "ConvModel", "n_tasks": 164, "stem_channels": 8, "stem_kernel_size": 3}
    model = LightningModel(
        model_params=small | {"n_conv": 1, "channel_init": 8, "kernel_size": 3},
        train_params={"task": "binary", "loss": "bce", "lr": 1e-4},
    )

    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network, self.head = net, torch.nn.Identity()
            self.head.n_tasks = 164

        def forward(self, letters: Any) -> Any:
            return self.network(letters)[..., None]

    model.model, model.activation = Wrapped(), torch.nn.Identity()
    model.data_params["train"] = {"seq_len": job.window}
    model.data_params["tasks"] = {"name": [f"T{number}" for number in range(164)]}

    def work() -> Array:
        table = pd.DataFrame(job.snvs(), columns=["chrom", "pos", "ref", "alt"])
        found = grelu.variant.predict_variant_effects(
            table,
            model,
            devices="cpu",
            batch_size=64,
            num_workers=1,
            genome=str(job.fasta),
            rc=True,
            compare_func=None,
            return_ad=True,
        )
        changes = np.asarray(found.layers["alt"]) - np.asarray(found.X)
        np.save(job.folder / "grelu.npy", changes)
        return changes

    return work


def together(job: Job) -> Work:
    """`regplug annotate` in process, as it comes: SNVs that share bases are scored together."""
    return _annotated(job)


def plain(job: Job) -> Work:
    """`regplug annotate` in process, window by window."""
    return _annotated(job, plain=True)


def server(job: Job) -> Work:
    """`regplug annotate` through a Triton server on the same machine, window by window."""
    return _annotated(job)


def served(job: Job) -> Work:
    """The same, where the server has the graph for variants too."""
    return _annotated(job)


def _annotated(job: Job, *, plain: bool = False) -> Work:
    import pyarrow.parquet

    import regplug
    from benchmarks.variants_fast import Plain

    model = regplug.open_model(job.model.name, repo=job.server or str(job.model.parent))
    if plain:
        model.backend = Plain(model.backend)
    out, table = job.folder / "regplug.vcf.gz", job.folder / "regplug.parquet"

    def work() -> Array:
        regplug.annotate(job.vcf, output=out, fasta=job.fasta, models=[model], matrix=table)
        changes = pyarrow.parquet.read_table(table)
        columns = [changes[f"{model.card.name}.{target.label}"] for target in model.card.targets]
        return np.stack([column.to_numpy() for column in columns], 1)

    return work


def bpnet_lite(job: Job) -> Work:
    """A BPNet of ChromBPNet's size as bpnet-lite has it, through tangermeme; log counts."""
    import torch
    from bpnetlite.bpnet import BPNet

    torch.set_grad_enabled(False)
    torch.set_num_threads(CORES)
    network = BPNet(n_filters=512, n_layers=8, n_control_tracks=0, verbose=False)
    network.load_state_dict(torch.load(job.folder / "bpnet.pt", weights_only=True))

    class Counts(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, letters: Any) -> Any:
            strands = self.network(letters)[1], self.network(letters.flip(1, 2))[1]
            return torch.logaddexp(*strands) - np.log(2)

    return _substituted(job, Counts().eval())

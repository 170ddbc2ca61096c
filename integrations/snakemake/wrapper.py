"""Snakemake wrapper of `regplug annotate`: its output's suffix says VCF, VCF.gz or BCF."""

from shlex import quote

from snakemake.shell import shell

job = snakemake  # noqa: F821
models = " ".join(f"--model {quote(name)}" for name in job.params.get("models", []))
genes = f"--genes {quote(job.input.genes)}" if job.input.get("genes") else ""
extra = job.params.get("extra", "")
log = job.log_fmt_shell(stdout=False, stderr=True)

shell(
    "regplug annotate {job.input.vcf:q} --fasta {job.input.fasta:q} --output {job.output[0]:q} "
    "--threads {job.threads} --quiet {models} {genes} {extra} {log}"
)

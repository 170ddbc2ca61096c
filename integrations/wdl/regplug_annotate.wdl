# Checked by `miniwdl check`, and not run here, as that needs Docker.
version 1.0

task regplug_annotate {
  input {
    File vcf
    File fasta
    File fai
    File? gzi
    Array[String] models = []
    String extra = ""
    String prefix = basename(basename(vcf, ".gz"), ".vcf") + ".regplug"
    Int threads = 2
  }

  command <<<
    set -euo pipefail
    # The FASTA and its indices stand side by side, wherever they came from.
    ln -s ~{fasta} ~{basename(fasta)}
    ln -s ~{fai} ~{basename(fasta)}.fai
    ~{if defined(gzi) then "ln -s " + gzi + " " + basename(fasta) + ".gzi" else ""}
    regplug annotate ~{vcf} \
      --fasta ~{basename(fasta)} \
      --output ~{prefix}.vcf.gz \
      --write-index=tbi \
      --summary ~{prefix}.json \
      --threads ~{threads} \
      --quiet \
      ~{if length(models) > 0 then "--model" else ""} ~{sep=" --model " models} \
      ~{extra}
  >>>

  output {
    File annotated = "~{prefix}.vcf.gz"
    File index = "~{prefix}.vcf.gz.tbi"
    File summary = "~{prefix}.json"
  }

  runtime {
    docker: "regplug:0.1.0"
    cpu: threads
    memory: "2 GB"
  }
}

workflow annotate {
  input {
    Array[File] vcfs
    File fasta
    File fai
    File? gzi
  }

  scatter (vcf in vcfs) {
    call regplug_annotate { input: vcf = vcf, fasta = fasta, fai = fai, gzi = gzi }
  }

  output {
    Array[File] annotated = regplug_annotate.annotated
    Array[File] summaries = regplug_annotate.summary
  }
}

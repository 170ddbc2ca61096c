#!/usr/bin/env cwl-runner
cwlVersion: v1.2
class: CommandLineTool
label: regplug annotate
doc: Write what each ALT of a VCF does to binding and accessibility into its INFO.

baseCommand: [regplug, annotate]
arguments: [--quiet, --write-index=tbi, --threads, $(runtime.cores)]

hints:
  DockerRequirement:
    dockerPull: regplug:0.1.0
  SoftwareRequirement:
    packages:
      regplug:
        version: ["0.1.0"]
  ResourceRequirement:
    coresMin: 2
    ramMin: 2048

inputs:
  vcf:
    type: File
    doc: VCF or BCF, plain or bgzipped
    inputBinding: {position: 1}
  fasta:
    type: File
    doc: Reference, plain or bgzipped
    secondaryFiles:
      - {pattern: .fai, required: true}
      - {pattern: .gzi, required: false}
    inputBinding: {prefix: --fasta}
  models:
    type:
      - "null"
      - type: array
        items: string
        inputBinding: {prefix: --model}
    doc: Names or patterns of models
  genes:
    type: File?
    doc: GTF, GFF3 or BED12
    inputBinding: {prefix: --genes}
  output:
    type: string
    default: annotated.vcf.gz
    inputBinding: {prefix: --output}

outputs:
  annotated:
    type: File
    secondaryFiles: [.tbi]
    outputBinding: {glob: $(inputs.output)}

// Nextflow is not run here, as no package brings it: only the command's options are checked.
process REGPLUG_ANNOTATE {
    tag "$meta.id"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "regplug:0.1.0"

    input:
    tuple val(meta), path(vcf)
    tuple val(meta2), path(fasta), path(fai)

    output:
    tuple val(meta), path("*.vcf.gz")    , emit: vcf
    tuple val(meta), path("*.vcf.gz.tbi"), emit: tbi
    tuple val(meta), path("*.json")      , emit: summary
    tuple val("${task.process}"), val('regplug'), eval("regplug --version | sed 's/.* //'"), topic: versions, emit: versions_regplug

    when:
    task.ext.when == null || task.ext.when

    script:
    def args   = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${meta.id}.regplug"
    if ("$vcf" == "${prefix}.vcf.gz") error "The output would take the name of the input: set task.ext.prefix"
    """
    regplug annotate $vcf \\
        --fasta $fasta \\
        --output ${prefix}.vcf.gz \\
        --write-index=tbi \\
        --summary ${prefix}.json \\
        --threads $task.cpus \\
        --quiet \\
        $args
    """

    stub:
    def prefix = task.ext.prefix ?: "${meta.id}.regplug"
    """
    echo "" | gzip > ${prefix}.vcf.gz
    touch ${prefix}.vcf.gz.tbi ${prefix}.json
    """
}

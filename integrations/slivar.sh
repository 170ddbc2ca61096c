# slivar is not run here, as no package brings it; a test runs the expressions by Node.js.
# It wants a record for each ALT. A tag that a record lacks is undefined, so ask for it first.
bcftools norm -m- annotated.vcf.gz | slivar expr --vcf - --pass-only -o rare.bcf \
    --info '"RP_Q" in INFO && INFO.RP_Q < 0.05'

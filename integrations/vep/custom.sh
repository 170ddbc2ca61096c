# VEP is not run here. Number=A values are given to each allele by themselves (VEP 110 and newer).
vep -i other.vcf.gz --vcf -o with_vep.vcf --cache --offline --custom \
    file=annotated.vcf.gz,short_name=regplug,format=vcf,type=exact,fields=RP_Q%RP_TOP%RP_STATUS

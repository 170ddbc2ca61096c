#!/bin/sh
# What bcftools does with a VCF that regplug annotated:  sh bcftools.sh rare|table|split|carry|clean annotated.vcf.gz
set -eu
annotated=$2

case $1 in
rare) # records of which an ALT changes more than 95 in 100 background variants do
    bcftools view -i 'MIN(RP_Q)<0.05' "$annotated" ;;
table) # what to look at first
    bcftools query -i 'RP_Q<=1' -f '%RP_Q\t%CHROM\t%POS\t%REF\t%ALT\t%RP_TOP\n' "$annotated" | sort -g ;;
split) # a record for each ALT, with its own values
    bcftools norm -m- "$annotated" ;;
carry) # into another VCF, by CHROM, POS, REF and ALT:  sh bcftools.sh carry annotated.vcf.gz other.vcf.gz
    bcftools annotate -a "$annotated" -c INFO/RP_Q,INFO/RP_TOP,INFO/RP_STATUS "$3" ;;
clean) # without the tags of regplug
    tags=$(bcftools view -h "$annotated" | sed -n 's/^##INFO=<ID=\(RP_[A-Z0-9_]*\),.*Source="regplug.*/INFO\/\1/p')
    bcftools annotate -x "$(echo "$tags" | paste -sd, -)" "$annotated" ;;
*)
    echo "what is $1?" >&2
    exit 2 ;;
esac

# Runs the plugin as VEP does, on alleles of standard input: chr, start, end, strand, REF, ALT.
use strict;
use warnings;
use JSON::PP;
use Regplug;

package Feature;
sub ref_allele_string { return $_[0]{ref}; }

package Allele;
sub variation_feature { return $_[0]{feature}; }
sub variation_feature_seq { return $_[0]{letters}; }

package main;
my $plugin = Regplug->new({}, @ARGV);
my @results;
while (my $line = <STDIN>) {
  chomp $line;
  my ($chr, $start, $end, $strand, $ref, $alt) = split /\t/, $line;
  my $feature = bless { chr => $chr, start => $start, end => $end, strand => $strand, ref => $ref }, 'Feature';
  push @results, $plugin->run(bless { feature => $feature, letters => $alt }, 'Allele');
}
print encode_json({ results => \@results, header => $plugin->get_header_info });

# In place of Ensembl's, for tests: alleles match if they are the same once they are trimmed.
package Bio::EnsEMBL::Variation::Utils::Sequence;
use strict;
use warnings;
use Exporter 'import';
use Bio::EnsEMBL::Utils::Sequence qw(reverse_comp);
our @EXPORT_OK = qw(get_matched_variant_alleles);

sub _trimmed {
  my ($pos, $ref, $alt) = @_;
  s/-//g for $ref, $alt;
  while (length $ref && length $alt && substr($ref, -1) eq substr($alt, -1)) {
    chop $ref;
    chop $alt;
  }
  while (length $ref && length $alt && substr($ref, 0, 1) eq substr($alt, 0, 1)) {
    ($ref, $alt) = (substr($ref, 1), substr($alt, 1));
    $pos++;
  }
  return "$pos:$ref:$alt";
}

sub get_matched_variant_alleles {
  my ($ours, $theirs) = @_;
  my @found;
  my $ref = $ours->{ref};
  reverse_comp(\$ref) if ($ours->{strand} // 1) < 0;
  for my $a_index (0 .. $#{$ours->{alts}}) {
    my $a = _trimmed($ours->{pos}, $ref, $ours->{alts}[$a_index]);
    for my $b_index (0 .. $#{$theirs->{alts}}) {
      my $b = _trimmed($theirs->{pos}, $theirs->{ref}, $theirs->{alts}[$b_index]);
      push @found, { a_index => $a_index, b_index => $b_index } if $a eq $b;
    }
  }
  return \@found;
}

1;

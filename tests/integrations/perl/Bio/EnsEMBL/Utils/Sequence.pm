# In place of Ensembl's, for tests.
package Bio::EnsEMBL::Utils::Sequence;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(reverse_comp);

sub reverse_comp {
  my $letters = shift;
  $$letters = reverse $$letters;
  $$letters =~ tr/ACGT/TGCA/;
}

1;

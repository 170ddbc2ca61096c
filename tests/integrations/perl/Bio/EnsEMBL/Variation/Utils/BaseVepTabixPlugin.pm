# In place of Ensembl's, for tests: parameters, and lines of files through tabix.
package Bio::EnsEMBL::Variation::Utils::BaseVepTabixPlugin;
use strict;
use warnings;

sub new {
  my ($class, $config, @params) = @_;
  return bless { config => $config, params => \@params, files => [], left => 5, right => 5 }, $class;
}

sub params_to_hash { return { map { split /=/, $_, 2 } @{$_[0]{params}} }; }

sub expand_left { $_[0]{left} = $_[1]; }

sub expand_right { $_[0]{right} = $_[1]; }

sub add_file { push @{$_[0]{files}}, $_[1]; }

sub get_data {
  my ($self, $chr, $start, $end) = @_;
  ($start, $end) = ($start - $self->{left}, $end + $self->{right});
  $start = 1 if $start < 1;
  my @found;
  for my $file (@{$self->{files}}) {
    open(my $lines, '-|', 'tabix', $file, "$chr:$start-$end") or die "no tabix: $!";
    while (my $line = <$lines>) {
      chomp $line;
      push @found, $self->parse_data($line);
    }
    close($lines) or die "tabix failed";
  }
  return \@found;
}

1;

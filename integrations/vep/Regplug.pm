# VEP is not run here: a test runs this plugin in Perl with base classes of its own.

=head1 NAME

 Regplug

=head1 SYNOPSIS

 regplug annotate variants.vcf.gz --fasta hg38.fa -o annotated.vcf.gz
 mv Regplug.pm ~/.vep/Plugins
 vep -i variants.vcf --plugin Regplug,file=annotated.vcf.gz,tags=RP_Q%RP_TOP

=head1 DESCRIPTION

 Adds what regplug wrote to each allele: by default RP_Q, RP_TOP and RP_STATUS. The file is a VCF from
 `regplug annotate` or `regplug precompute`, with its .tbi. A tag of a model, such as RP_OPEN_CHROMATIN__Z, may be named too.

=cut

package Regplug;

use strict;
use warnings;

use Bio::EnsEMBL::Utils::Sequence qw(reverse_comp);
use Bio::EnsEMBL::Variation::Utils::BaseVepTabixPlugin;
use Bio::EnsEMBL::Variation::Utils::Sequence qw(get_matched_variant_alleles);

use base qw(Bio::EnsEMBL::Variation::Utils::BaseVepTabixPlugin);

sub new {
  my $class = shift;
  my $self = $class->SUPER::new(@_);
  my $params = $self->params_to_hash();
  die "Regplug: give file=annotated.vcf.gz\n" unless $params->{file};
  $self->expand_left(0);
  $self->expand_right(0);
  $self->add_file($params->{file});
  $self->{tags} = [split /%/, $params->{tags} || 'RP_Q%RP_TOP%RP_STATUS'];
  $self->{descriptions} = _descriptions($params->{file});
  for my $tag (@{$self->{tags}}) {
    die "Regplug: $params->{file} has no tag $tag\n" unless $self->{descriptions}{$tag};
  }
  return $self;
}

# Return tag => description, from the header of the file.
sub _descriptions {
  my $file = shift;
  open(my $header, '-|', 'tabix', '-H', $file) or die "Regplug: cannot run tabix: $!\n";
  my %found;
  while (<$header>) {
    $found{$1} = $2 if /^##INFO=<ID=(\w+),Number=A,.*?Description="((?:[^"\\]|\\.)*)"/;
  }
  close($header) or die "Regplug: cannot read $file\n";
  return \%found;
}

sub feature_types { return ['Feature', 'Intergenic']; }

sub variant_feature_types { return ['VariationFeature']; }

sub get_header_info {
  my $self = shift;
  return { map { $_ => $self->{descriptions}{$_} } @{$self->{tags}} };
}

sub run {
  my ($self, $tva) = @_;
  my $vf = $tva->variation_feature;
  my $allele = $tva->variation_feature_seq;
  reverse_comp(\$allele) if $vf->{strand} < 0;
  my $ours = {
    ref => $vf->ref_allele_string, alts => [$allele], pos => $vf->{start}, strand => $vf->{strand}
  };
  # VEP drops the base that REF and ALT of an indel begin with: the record may lie a base before.
  for my $record (@{$self->get_data($vf->{chr}, $vf->{start} - 2, $vf->{end})}) {
    my $theirs = { ref => $record->{ref}, alts => $record->{alts}, pos => $record->{pos} };
    my ($match) = @{get_matched_variant_alleles($ours, $theirs)};
    return $self->_values($record, $match->{b_index}) if $match;
  }
  return {};
}

# Return tag => its value of one ALT; those that are missing are left out.
sub _values {
  my ($self, $record, $index) = @_;
  my %found;
  for my $tag (@{$self->{tags}}) {
    my $value = (split /,/, $record->{info}{$tag} // '')[$index];
    $found{$tag} = $value if defined $value && $value ne '.';
  }
  return \%found;
}

# Return what a line of the file holds: POS is 1-based, INFO a hash of texts.
sub parse_data {
  my ($self, $line) = @_;
  my ($chrom, $pos, undef, $ref, $alts, undef, undef, $info) = split /\t/, $line;
  my %info = map { my ($tag, $text) = split /=/, $_, 2; ($tag => $text) } split /;/, $info;
  return {
    pos => $pos, start => $pos, end => $pos + length($ref) - 1,
    ref => $ref, alts => [split /,/, $alts], info => \%info,
  };
}

sub get_start { return $_[1]->{start}; }

sub get_end { return $_[1]->{end}; }

1;

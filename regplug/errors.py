"""The errors a user can meet; each message names the thing and the next step.

RegplugError
├── GenomeError          no FASTA, no index, a truncated file, another build
├── VariantFileError     not a VCF, truncated, a record htslib cannot read
├── RegionError          a region that is not one, or lies in no contig
├── SequenceError        a FASTA of sequences that cannot be scored
├── DataError            data to train on that cannot be read, or cannot be learned from
├── TrainingError        a run that cannot go on: its loss is no number, or another run's state
├── ModelError           unknown model or target, a damaged repository, card or parameter file
├── MotifError           a motif file that is damaged, nothing to make motifs of
├── BackendError         the server is away or serves another model, NaN in its answer
├── ExecutorError        what runs the parts of a run has gone
├── PluginError          a plugin that does not fit
├── ConfigError          the user's configuration file
├── MissingLibraryError  an optional library is not installed
├── CacheError           a cache of predictions that is damaged or of another program
├── OutputError          the output cannot be written
└── ReaderGoneError      no fault: whoever read standard output has had enough
"""

import zlib

# What is raised where a file cannot be read or does not parse. ValueErrors are also bytes that are
# not UTF-8, numbers of 5,000 digits, and what msgspec and tomllib raise.
UNREADABLE = (OSError, ValueError, OverflowError, RecursionError, EOFError, zlib.error)


class RegplugError(Exception):
    """Any error that regplug reports; the command line prints its message and exits with 1."""


class GenomeError(RegplugError):
    """The reference FASTA cannot be found, read or trusted."""


class VariantFileError(RegplugError):
    """The VCF or BCF cannot be read to its end."""


class RegionError(RegplugError):
    """A region is malformed or lies outside every contig."""


class SequenceError(RegplugError):
    """A sequence cannot be scored."""


class DataError(RegplugError):
    """Data to train on are damaged, contradict themselves, or do not suffice."""


class TrainingError(RegplugError):
    """A training run cannot start, go on or be resumed."""


class ModelError(RegplugError):
    """A model, target, card or parameter file is unknown or damaged."""


class MotifError(RegplugError):
    """Motifs cannot be read, made or compared."""


class BackendError(RegplugError):
    """Predictions could not be had, or are not numbers."""


class ExecutorError(RegplugError):
    """What runs the parts of a run has gone, or fails."""


class PluginError(RegplugError):
    """A plugin misspells a hook or takes another's name."""


class ConfigError(RegplugError):
    """The user's configuration file is malformed."""


class MissingLibraryError(RegplugError):
    """An optional library is not installed; the message says which extra brings it."""


class CacheError(RegplugError):
    """A cache of predictions cannot be trusted, or cannot be made."""


class OutputError(RegplugError):
    """An output cannot be written."""


class ReaderGoneError(RegplugError):
    """Standard output is a pipe that nobody reads any more."""

"""A command as a model's card tells it."""

import shlex


def for_a_card(command: str) -> str:
    """Return the command that made a model as its card tells it: what was asked, not where.

    Paths are shortened to their last names, and the run's own folder (-o) and --resume left out:
    whoever reads a card has not the folders of whoever trained the model.
    """
    words, kept = iter(shlex.split(command)), []
    for word in words:
        option, equals, value = word.partition("=")
        if word in ("-o", "--output"):
            next(words, "")
        elif word == "--set":  # its value is no path
            kept += [word, next(words, "")]
        elif option.startswith("--") and equals and option != "--output":
            kept.append(f"{option}={value if option == '--set' else _last(value)}")
        elif word != "--resume" and option != "--output" and not word.startswith("-o"):
            kept.append(_last(word))
    return shlex.join(kept)


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]

"""An address ─pull→ a model directory, of which nothing is a stranger's that was not looked at.

    https://HOST/NAME.tar.gz      NAME/ with FILES, as regplug writes a model
    https://HOST/NAME/SHA256SUMS  `sha256sum` of these files, which lie beside it

Files are unpacked out of sight, checked and run as `models verify` does; then the model is written
anew of its card, graph and golden scores, so a server's configuration is ours.
"""

import lzma
import re
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin, urlsplit

from regplug.errors import UNREADABLE, ModelError
from regplug.files.fetched import fetch
from regplug.files.lines import lines_in
from regplug.files.output import naming
from regplug.hooks.about import check_license, check_name
from regplug.models.embedded import Embedded
from regplug.models.repository import read_card, read_golden, read_onnx, write_model
from regplug.models.verify import verify_model
from regplug.scoring.card import ModelCard, card_from_json

MIB = 1 << 20
GRAPH = "1/model.onnx"
MOST = {  # bytes of each file of a model; a graph of more no protobuf can hold
    "card.json": 64 * MIB,
    "config.pbtxt": 64 * MIB,
    "targets.txt": 64 * MIB,
    "golden.json": 64 * MIB,
    GRAPH: 2048 * MIB,
}
LISTING = "SHA256SUMS"
_CHUNK = MIB
_Get = Callable[[str, str, int], Path]  # url, sha256, most bytes → file


def pull(
    url: str,
    sha256: str,
    repo: Path,
    *,
    accepted: bool = False,
    ca_certificate: str = "",
    progress: Callable[[int], object] = lambda _: None,
) -> ModelCard:
    """Write the model at an address into `repo`; return its card.

    Args:
        url: https://..., of a tar (plain, gz, bz2, xz) of a model's folder, or of SHA256SUMS.
        sha256: of the tar, or of SHA256SUMS.
        repo: the model repository.
        accepted: whether the user takes weights that are not free for all.
        ca_certificate: PEM file of whoever signs the server's certificate; else the system's.
        progress: is told of bytes as they come.

    Raises:
        ModelError: the address is none, there is such a model already, its licence was not
            accepted, or it is damaged, or not as its card says.
        BackendError: the server is away; what has come is kept for the next call.
        DataError: the file is another, or too large.
        OutputError: `repo` cannot be written.
    """
    _check_address(url)
    if not re.fullmatch("[0-9a-f]{64}", sha256 := sha256.lower()):
        raise ModelError(f"{sha256[:80]!r} is no sha256: 64 hexadecimal digits, as of sha256sum")
    parts: list[Path] = []

    def get(url: str, sha256: str, most: int) -> Path:
        found = fetch(
            url, sha256, repo, most=most, ca_certificate=ca_certificate, progress=progress
        )
        parts.append(found)
        return found

    with naming(repo), tempfile.TemporaryDirectory() as hidden:
        repo.mkdir(parents=True, exist_ok=True)
        try:
            if urlsplit(url).path.endswith(f"/{LISTING}"):
                folder = _listed(url, get(url, sha256, MIB), get, Path(hidden))
            else:
                folder = _unpacked(get(url, sha256, sum(MOST.values())), url, Path(hidden))
            card = _checked(folder, repo)
        except ModelError:
            _forget(parts)
            raise
        check_license(card.license, accepted=accepted)  # the parts stay for when it is
        write_model(repo, card, onnx=read_onnx(folder, card), golden=read_golden(folder))
    _forget(parts)
    return card


def _check_address(url: str) -> None:
    try:
        split = urlsplit(url)
    except ValueError as error:
        raise ModelError(f"{url} is no address: {error}") from error
    if split.scheme.lower() != "https" or not split.hostname:
        raise ModelError(f"{url} is no https:// address: others can be altered on the way")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ModelError(f"{url} has characters that an address writes as %..")


def _checked(folder: Path, repo: Path) -> ModelCard:
    """Return the card of a model that is what it says, and is not in `repo` yet."""
    card = read_card(folder)
    check_name(card.name)
    if (repo / card.name).exists():
        raise ModelError(f"{repo / card.name} is there already: remove it, or take another folder")
    with closing(Embedded(folder, threads=0)) as backend:
        verify_model(folder, backend)
    return card


def _unpacked(path: Path, url: str, hidden: Path) -> Path:
    """Return the model's folder, as unpacked from a tar below `hidden`."""
    names: dict[str, str] = {}  # file → name of its model
    try:
        with tarfile.open(path, "r:*") as tar:
            for member in tar:
                if member.isdir():
                    continue
                name, _, file = str(PurePosixPath(member.name)).partition("/")
                if file not in MOST:
                    raise ModelError(f"{url} has {member.name!r}, which is no file of a model")
                if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
                    raise ModelError(f"{url}: {member.name!r} is a link or device, and no file")
                if file in names or member.size > MOST[file]:
                    what = "is there twice" if file in names else "is too large"
                    raise ModelError(f"{url}: {member.name!r} {what}")
                check_name(name)
                names[file] = name
                _copy(tar, member, hidden / name / file)
    except (*UNREADABLE, tarfile.TarError, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno:  # of the disk, not of what is read
            raise
        raise ModelError(f"{url} is no tar that can be read: {error}") from error
    _check_all_there(set(names), url)
    if len(set(names.values())) > 1:
        raise ModelError(f"{url} has several folders: {', '.join(sorted(set(names.values())))}")
    return hidden / names[GRAPH]


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """Write the bytes of a member to `path`, and nothing else of it: no owner, no mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    if source is None:
        raise ModelError(f"{member.name!r} is no file")
    with path.open("wb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)


def _listed(url: str, listing: Path, get: _Get, hidden: Path) -> Path:
    """Return the model's folder below `hidden`, of the files that SHA256SUMS lists."""
    sums: dict[str, str] = {}
    try:
        lines = list(lines_in(listing))
    except UNREADABLE as error:
        raise ModelError(f"{url} is no text: {error}") from error
    for line in lines:
        found = re.fullmatch(r"([0-9a-f]{64}) [ *](?:\./)?(\S+)", line)
        if found is None or found[2] not in MOST or found[2] in sums:
            raise ModelError(f"{url}: {line[:120]!r} is no sha256 and file of a model")
        sums[found[2]] = found[1]
    _check_all_there(set(sums), url)
    files = {name: get(urljoin(url, name), sums[name], MOST[name]) for name in MOST}
    card = card_from_json(files["card.json"].read_bytes(), source=url)
    check_name(card.name)
    for name, file in files.items():
        path = hidden / card.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(file.resolve())
    return hidden / card.name


def _check_all_there(names: set[str], url: str) -> None:
    if missing := [name for name in MOST if name not in names]:
        raise ModelError(f"{url} lacks {', '.join(missing)} of a model")


def _forget(parts: list[Path]) -> None:
    for part in parts:
        with suppress(OSError):
            part.unlink(missing_ok=True)

"""One client for a server's two protocols, gRPC and HTTP.

Their errors become two: Unavailable (ask again later) and Refused (the answer stays the same).
"""

import ssl
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from numpy.typing import NDArray

from regplug.errors import BackendError
from regplug.files.extras import needs
from regplug.models.triton_proof import Answer
from regplug.scoring.backend import BackendOptions

SCHEMES = ("grpc", "grpcs", "http", "https")
CONNECT_SECONDS = 5.0
NO_ANSWER_YET = {  # statuses of a server, or of a proxy before it, that may do better later
    "StatusCode.UNAVAILABLE",
    "StatusCode.DEADLINE_EXCEEDED",
    "429",
    "502",
    "503",
    "504",
}
GRPC_CHANNEL = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


_KINDS = {"|u1": "UINT8", "<i8": "INT64"}  # numpy's names of types → Triton's


class Unavailable(Exception):  # noqa: N818  a state that passes, not an error
    """The server, or the model on it, cannot answer now; later it may.

    Attributes:
        answered: True if a server is there, but not ready.
    """

    def __init__(self, message: str, *, answered: bool) -> None:
        """Keep the message, and whether a server is there."""
        super().__init__(message)
        self.answered = answered


class Refused(Exception):  # noqa: N818  an answer, not an error
    """The server answered that it will not do what was asked, now or later."""


def is_url(location: str) -> bool:
    """Return whether `location` is a server's URL."""
    scheme, separator, _ = location.partition("://")
    return bool(separator) and scheme in SCHEMES


class Client:
    """A connection to the server at a URL, for one thread.

    Methods that ask the server raise Unavailable or Refused.
    """

    def __init__(self, location: str, options: BackendOptions, *, seconds: float) -> None:
        """Prepare a connection to `location`, a URL; an answer may take `seconds`.

        Raises:
            BackendError: the URL is malformed, a TLS file is missing or damaged, or tritonclient is
                not installed.
        """
        parts = urlsplit(location)
        self._is_grpc = parts.scheme.startswith("grpc")
        self._broken: tuple[type[Exception], ...] = (OSError,)  # errors of a broken connection
        if self._is_grpc and (parts.path.strip("/") or ":" not in parts.netloc):
            raise BackendError(
                f"gRPC needs {parts.scheme}://HOST:PORT, and no more: not {location}"
            )
        self._module = _tritonclient("grpc" if self._is_grpc else "http")
        self._errors = _tritonclient("utils").InferenceServerException
        make = self._grpc if self._is_grpc else self._http
        for file in (options.ca_certificate, options.client_key, options.client_certificate):
            if file and not Path(file).is_file():
                raise BackendError(f"no file {file}, to connect to {location} with")
        address = parts.netloc if self._is_grpc else parts.netloc + parts.path.rstrip("/")
        try:
            self._client = make(address, parts.scheme.endswith("s"), options, seconds)
        except (OSError, ValueError, self._errors) as error:
            raise BackendError(f"cannot set up a connection to {location}: {error}") from error
        self._headers = {
            name.lower() if self._is_grpc else name: value for name, value in options.headers
        }
        self._timeout = {"client_timeout": seconds} if self._is_grpc else {}
        self._json = {"as_json": True} if self._is_grpc else {}

    def ready(self, model: str) -> bool:
        """Return whether the server is ready to run `model`."""
        return bool(self._ask("is_model_ready", model))

    def config(self, model: str) -> dict[str, Any]:
        """Return Triton's configuration of `model`."""
        answer: dict[str, Any] = self._ask("get_model_config", model, **self._json)
        config: dict[str, Any] = answer["config"] if self._is_grpc else answer
        return config

    def metadata(self, model: str) -> dict[str, Any]:
        """Return the names, types and shapes of what `model` reads and answers."""
        answer: dict[str, Any] = self._ask("get_model_metadata", model, **self._json)
        return answer

    def index(self) -> list[dict[str, str]]:
        """Return an entry for each model in the server's repository: name, state, reason."""
        answer = self._ask("get_model_repository_index", **self._json)
        models: list[dict[str, str]] = answer.get("models", []) if self._is_grpc else answer
        return models

    def infer(
        self, model: str, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str]
    ) -> Answer:
        """Return what `outputs` answer to `inputs`, each (n, ...), and the version that did."""
        asked = []
        for name, array in inputs.items():
            asked.append(self._module.InferInput(name, list(array.shape), _KINDS[array.dtype.str]))
            try:
                asked[-1].set_data_from_numpy(array)
            except self._errors as error:
                raise Refused(str(error)) from error
        wanted = [self._module.InferRequestedOutput(name) for name in outputs]
        result = self._ask("infer", model, asked, outputs=wanted)
        answers, about = {name: result.as_numpy(name) for name in outputs}, result.get_response()
        for name, answer in answers.items():
            if answer is None:
                raise Refused(f"the answer has no {name}")
        version = about.model_version if self._is_grpc else about.get("model_version", "")
        return Answer(version, answers)

    def close(self, *, thread_ends: bool = False) -> None:
        """Close the connection; to be called by the thread that used the client.

        `thread_ends` says that this thread makes no other client.
        """
        self._client.close()
        if thread_ends and not self._is_grpc:  # gevent keeps a loop, with open files, per thread
            import_module("gevent").get_hub().destroy(destroy_loop=True)

    def _ask(self, method: str, *arguments: Any, **more: Any) -> Any:
        ask = getattr(self._client, method)
        try:
            return ask(*arguments, headers=dict(self._headers), **more, **self._timeout)
        except self._errors as error:
            if error.status() in NO_ANSWER_YET:
                raise Unavailable(str(error), answered=not self._is_grpc) from error
            raise Refused(str(error)) from error
        except (ssl.SSLCertVerificationError, ValueError) as error:
            raise Refused(str(error)) from error
        except self._broken as error:
            raise Unavailable(str(error) or type(error).__name__, answered=False) from error

    def _grpc(self, address: str, tls: bool, options: BackendOptions, _: float) -> Any:
        return self._module.InferenceServerClient(
            address,
            ssl=tls,
            root_certificates=options.ca_certificate or None,
            private_key=options.client_key or None,
            certificate_chain=options.client_certificate or None,
            channel_args=GRPC_CHANNEL,
        )

    def _http(self, address: str, tls: bool, options: BackendOptions, seconds: float) -> Any:
        self._broken = (OSError, import_module("geventhttpclient.response").HTTPParseError)
        context = import_module("gevent.ssl").create_default_context(
            cafile=options.ca_certificate or None
        )
        if options.client_certificate:
            context.load_cert_chain(options.client_certificate, options.client_key or None)
        return self._module.InferenceServerClient(
            address,
            connection_timeout=min(CONNECT_SECONDS, seconds),
            network_timeout=seconds,
            ssl=tls,
            ssl_context_factory=lambda **_: context,
        )


def _tritonclient(part: str) -> ModuleType:
    with needs("triton"):
        return import_module(f"tritonclient.{part}")

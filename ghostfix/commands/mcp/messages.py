"""The messages of the Model Context Protocol that a server of tools reads and writes (pure).

They are JSON-RPC 2.0, one object a line. Two generations of the protocol are spoken: up to 2025-11-25 a
client shakes hands first (``initialize``); since 2026-07-28 each request names its version in ``_meta``, and
``server/discover`` tells what there is. The results have the keys of both: a client ignores those that it
does not know. https://modelcontextprotocol.io/specification/2026-07-28/schema
"""

from msgspec import UNSET, Raw, Struct, UnsetType, field

from ghostfix import __version__

HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""The oldest first. What they differ in for a server of tools on stdio is in batches alone, which only
2025-03-26 knew, and which no client sends unasked."""
VERSIONS = (*HANDSHAKE_VERSIONS, "2026-07-28")

NO_JSON = -32700
NO_REQUEST = -32600
NO_SUCH_METHOD = -32601
WRONG_PARAMETERS = -32602
INTERNAL = -32603
UNKNOWN_VERSION = -32022

RequestId = int | str
_FOREVER_MS = 3_600_000
"""The tools of a server do not change while it runs."""


class RequestMeta(Struct, frozen=True):
    """What a request says beside its parameters."""

    protocol_version: str | None = field(name="io.modelcontextprotocol/protocolVersion", default=None)
    progress_token: RequestId | None = field(name="progressToken", default=None)


class Parameters(Struct, frozen=True, rename="camel"):
    """Those of every method that are read here; each method has some of them."""

    meta: RequestMeta = field(name="_meta", default_factory=RequestMeta)
    protocol_version: str = ""
    name: str = ""
    arguments: Raw = Raw(b"{}")


class Request(Struct, frozen=True):
    """A request, or without an id a notification."""

    method: str
    id: RequestId | UnsetType = UNSET
    params: Parameters = Parameters()


class Implementation(Struct, frozen=True):
    name: str = "ghostfix"
    title: str = "ghostfix"
    version: str = __version__


class ResultMeta(Struct, frozen=True):
    server: Implementation = field(name="io.modelcontextprotocol/serverInfo", default=Implementation())


class Result(Struct, frozen=True, kw_only=True, rename="camel"):
    """What all results have; alone, the answer to a ping."""

    meta: ResultMeta = field(name="_meta", default=ResultMeta())
    result_type: str = "complete"


class ToolsOffered(Struct, frozen=True, rename="camel"):
    list_changed: bool = False


class Capabilities(Struct, frozen=True):
    tools: ToolsOffered = ToolsOffered()


class Greeting(Result, frozen=True, kw_only=True):
    """The answer to ``initialize``."""

    protocol_version: str
    instructions: str
    capabilities: Capabilities = Capabilities()
    server_info: Implementation = Implementation()


class Discovery(Result, frozen=True, kw_only=True):
    """The answer to ``server/discover``."""

    instructions: str
    supported_versions: tuple[str, ...] = VERSIONS
    capabilities: Capabilities = Capabilities()
    ttl_ms: int = _FOREVER_MS
    cache_scope: str = "private"


class ToolHints(Struct, frozen=True, rename="camel"):
    """What a client may show beside a tool before it lets the assistant call it."""

    read_only_hint: bool
    destructive_hint: bool
    idempotent_hint: bool
    open_world_hint: bool = False


class ToolEntry(Struct, frozen=True, rename="camel"):
    name: str
    title: str
    description: str
    input_schema: Raw
    annotations: ToolHints


class ToolList(Result, frozen=True, kw_only=True):
    """The answer to ``tools/list``."""

    tools: tuple[ToolEntry, ...]
    ttl_ms: int = _FOREVER_MS
    cache_scope: str = "private"


class Text(Struct, frozen=True):
    text: str
    type: str = "text"


class ToolResult(Result, frozen=True, kw_only=True):
    """The answer to ``tools/call``; with ``is_error`` the assistant may do better next time."""

    content: tuple[Text, ...]
    is_error: bool = False


class Success(Struct, frozen=True):
    id: RequestId
    result: Result
    jsonrpc: str = "2.0"


class VersionsKnown(Struct, frozen=True):
    requested: str
    supported: tuple[str, ...] = VERSIONS


class ErrorObject(Struct, frozen=True, omit_defaults=True):
    code: int
    message: str
    data: VersionsKnown | None = None


class Failure(Struct, frozen=True):
    """What is wrong with a request, not with what a tool was asked; ``id`` is null where it is unknown."""

    id: RequestId | None
    error: ErrorObject
    jsonrpc: str = "2.0"


class ProgressParameters(Struct, frozen=True, rename="camel"):
    progress_token: RequestId
    progress: int
    message: str


class Progress(Struct, frozen=True):
    """A notification: a request that goes on has come so far."""

    params: ProgressParameters
    method: str = "notifications/progress"
    jsonrpc: str = "2.0"

"""The JSON Schema of ``ghostfix.toml``, for editors: made from the records that the profile is read into."""

import msgspec

from ghostfix.model.service import NAME_PATTERN, ServiceProfile
from ghostfix.report.schema import DIALECT

_RECOGNISERS = ("module", "script", "command", "match")


def profile_schema() -> str:
    """The schema as a JSON document with a line end."""
    (service,), definitions = msgspec.json.schema_components(
        (ServiceProfile,), schema_hook=_anything, ref_template="#/$defs/{name}"
    )
    # Tables in tables are read as dotted keys before they become records.
    expected = definitions["HealthWanted"]["properties"]["expect"]["additionalProperties"]
    expected["anyOf"].append({"type": "object"})
    one = {"oneOf": [{"required": [key]} for key in _RECOGNISERS]}
    document = {
        "$schema": DIALECT,
        "title": "ghostfix profile",
        "description": "ghostfix.toml, and the table [tool.ghostfix] of pyproject.toml.",
        "type": "object",
        "properties": {
            "services": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": {**service, **one},
            }
        },
        "required": ["services"],
        "additionalProperties": False,
        "$defs": definitions,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _anything(kind: type) -> dict[str, object]:
    """The schema of ``object``: the payload of a webhook is whatever it is."""
    if kind is not object:
        raise NotImplementedError
    return {"description": "any value that JSON has"}

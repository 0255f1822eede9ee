"""daybreak.toml as a JSON Schema, so that editors complete it and underline errors while somebody types."""

import json
from typing import Any

from pydantic import BaseModel

from daybreak.definitions.page import Page
from daybreak.definitions.project import NAMED, Segment, Settings
from daybreak.families.registry import FAMILIES
from daybreak.ingest.privacy import Privacy

NAME = r"^[a-z][a-z0-9_]{0,62}$"


def json_schema() -> dict[str, Any]:
    """The whole file: [project], [segments.NAME], each family's [family.NAME], and what is made of their numbers."""
    definitions: dict[str, Any] = {}
    tables = {
        "project": _table(Settings.model_json_schema(), definitions),
        "privacy": _table(Privacy.model_json_schema(), definitions),
        "page": _table(Page.model_json_schema(), definitions),
    }
    models: dict[str, type[BaseModel]] = {
        "segments": Segment,
        **NAMED,
        **{family.name: family.definition for family in FAMILIES.values()},
    }
    for name, model in models.items():
        schema = model.model_json_schema(by_alias=True)
        tables[name] = {
            "type": "object",
            "description": (schema.get("description") or "").partition("\n")[0],
            "patternProperties": {NAME: _table(schema, definitions)},
            "additionalProperties": False,
        }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "daybreak.toml",
        "description": "What a Daybreak deployment measures",
        "type": "object",
        "required": ["project"],
        "additionalProperties": False,
        "properties": tables,
        "definitions": definitions,
    }


def text() -> str:
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def _table(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """One model's schema; the definitions it refers to move to those of the file."""
    definitions.update(schema.pop("$defs", {}))
    moved = json.loads(json.dumps(schema).replace("#/$defs/", "#/definitions/"))
    moved["additionalProperties"] = False
    return dict(moved)

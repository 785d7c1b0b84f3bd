"""Reads YAML as PyYAML does: a JSON list of texts on standard input, the list of their values on standard output."""

import json
import sys
from typing import Any

import yaml


def read(text: str) -> Any:
    try:
        return plain(yaml.safe_load(text))
    except yaml.YAMLError as e:
        return f"cannot be read: {e}"


def plain(value: Any) -> Any:
    """The value as JSON; what JSON has no type for, or would silently turn into text, by its name in Python."""
    if isinstance(value, dict):
        return {k if isinstance(k, str) else f"key {k!r}": plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value if value is None or isinstance(value, str | int | float | bool) else repr(value)


json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)

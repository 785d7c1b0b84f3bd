"""The contracts that Java and Python share, as Python's validator reads them; SamplesTest is Java's half."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

CONTRACTS = Path(__file__).parents[3] / "contracts" / "resources" / "contracts"
SCHEMAS = sorted(CONTRACTS.glob("*.schema.json"))


def name(file: Path) -> str:
    return str(file.relative_to(CONTRACTS))


def samples(kind: str) -> list[Path]:
    found = sorted(CONTRACTS.glob(f"samples/*/{kind}/*.json"))
    assert found, f"no {kind} samples below {CONTRACTS}"
    return found


def problems(sample: Path) -> list[str]:
    schema = json.loads((CONTRACTS / f"{sample.parts[-3]}.schema.json").read_text(encoding="utf-8"))
    document: Any = json.loads(sample.read_text(encoding="utf-8"))
    return [f"{e.json_path}: {e.message}" for e in jsonschema.Draft202012Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("file", SCHEMAS, ids=name)
def test_every_schema_is_a_schema(file: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("sample", samples("valid"), ids=name)
def test_valid_samples_are_accepted(sample: Path) -> None:
    assert problems(sample) == [], f"{name(sample)} shows a document that its schema accepts"


@pytest.mark.parametrize("sample", samples("invalid"), ids=name)
def test_invalid_samples_are_refused(sample: Path) -> None:
    assert problems(sample), f"{name(sample)} shows a mistake that its schema must refuse, but it was accepted"

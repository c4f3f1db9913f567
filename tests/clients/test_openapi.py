"""docs/openapi.yaml is a valid OpenAPI 3.1 description."""

from pathlib import Path

import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

DESCRIPTION = Path(__file__).parents[2] / "docs" / "openapi.yaml"


def test_description() -> None:
    description = yaml.safe_load(DESCRIPTION.read_text())
    assert [
        f"{list(e.path)}: {e.message}"
        for e in OpenAPIV31SpecValidator(description).iter_errors()
    ] == []

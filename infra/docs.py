"""The documents that are made from the code: docs/states.md and the JSON Schemas of the messages.

    .venv/bin/python -m infra.docs

writes them anew; a test holds what is committed against what would be written.
"""

from __future__ import annotations

import json
from pathlib import Path

from chalicelib.queues.messages import ContributionVoucherMessage, DossierStatusMessage, ManifestMessage, Message
from infra.diagrams import states_page

ROOT = Path(__file__).resolve().parent.parent

SCHEMAS: dict[str, type[Message]] = {
    "contribution-voucher": ContributionVoucherMessage,
    "manifest": ManifestMessage,
    "dossier-status": DossierStatusMessage,
}
"""By file name in docs/schemas, without `.schema.json`."""


def generated() -> dict[Path, str]:
    """Every generated document: where it lies and what it says."""
    schemas = {ROOT / f"docs/schemas/{name}.schema.json": schema_text(name) for name in SCHEMAS}
    return {ROOT / "docs/states.md": states_page(), **schemas}


def schema_text(name: str) -> str:
    """The JSON Schema (draft 2020-12) of a message, as published."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:bhxh:602e:schema:{name}:1",
        **SCHEMAS[name].model_json_schema(),
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write what has changed, and say which."""
    for path, text in generated().items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""A table that CloudFormation makes from an export, as on AWS: its items are no news, the stream begins empty.

ministack's CloudFormation takes `ImportSourceSpecification` and imports nothing.
"""

from __future__ import annotations

from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

TABLE = "AWS::DynamoDB::Table"


class Imports:
    """Wraps the creation of tables."""

    def install(self) -> None:
        """Put the wrapper in place. Once, before the first stack."""
        handler = provisioners._RESOURCE_HANDLERS[TABLE]
        create = handler["create"]

        def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
            name, attributes = create(logical_id, properties, stack)
            source = properties.get("ImportSourceSpecification")
            if source:
                _load(dynamodb._tables[name], source)
            return name, attributes

        handler["create"] = created


def _load(table: dict[str, Any], source: dict[str, Any]) -> None:
    """Raises `ValueError` where the export can't be read or an item of it can't be stored: then there is no stack."""
    kept, table["StreamSpecification"] = table["StreamSpecification"], None
    compression = source.get("InputCompressionType", "NONE")
    try:
        _, objects = dynamodb._import_source_objects(source["S3BucketSource"], compression)
        for key, blob in objects:
            items, malformed = dynamodb._import_dynamodb_json_items(blob)
            if malformed:
                raise ValueError(f"{key}: line {malformed[0][0]}: {malformed[0][1]}")
            for number, item in items:
                status, _, _ = dynamodb._put_item({"TableName": table["TableName"], "Item": item})
                if status != 200:
                    raise ValueError(f"{key}: line {number} can't be stored")
    except dynamodb._ImportFailed as failure:
        raise ValueError(failure.message) from failure
    finally:
        table["StreamSpecification"] = kept

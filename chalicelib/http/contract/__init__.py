"""The published OpenAPI document, made from the declared operations: bounds, examples, links."""

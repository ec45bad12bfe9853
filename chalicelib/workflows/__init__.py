"""Doors for Step Functions: each task reads its payload, calls one use case and answers."""

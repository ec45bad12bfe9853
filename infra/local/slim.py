"""Keeps the embedded cloud small: what a real Lambda needs but our executor does not is let go."""

from __future__ import annotations

import ctypes
import ctypes.util

from ministack.services import lambda_svc


def drop_artefacts() -> None:
    """Forget the bytes of code and layers: handlers run from the source tree or the unpacked package.

    The zips stay in the artefact bucket, on disk.
    """
    for function in lambda_svc._functions.all_values():
        function["code_zip"] = b""
        for version in (function.get("versions") or {}).values():
            version["code_zip"] = b""
    for layer in lambda_svc._layers.all_values():
        for version in layer["versions"]:
            version["_zip_data"] = b""


def free_memory() -> None:
    """Hand freed memory back to the system (glibc keeps it otherwise); elsewhere a no-op."""
    name = ctypes.util.find_library("c")
    if name:
        trim = getattr(ctypes.CDLL(name), "malloc_trim", None)
        if trim:
            trim(0)

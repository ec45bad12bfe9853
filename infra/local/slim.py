"""Keeps the embedded cloud small: what a real Lambda needs but our executor does not is let go."""

from __future__ import annotations

import ctypes
import ctypes.util

from ministack.services import lambda_svc

_ARENA_MAX = -8
"""M_ARENA_MAX of malloc.h."""


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


def limit_arenas() -> None:
    """Let glibc keep two heaps instead of one per thread: every waiting execution is a thread. Elsewhere a no-op."""
    option = getattr(_libc(), "mallopt", None)
    if option:
        option(_ARENA_MAX, 2)


def free_memory() -> None:
    """Hand freed memory back to the system (glibc keeps it otherwise); elsewhere a no-op."""
    trim = getattr(_libc(), "malloc_trim", None)
    if trim:
        trim(0)


def _libc() -> ctypes.CDLL | None:
    name = ctypes.util.find_library("c")
    return ctypes.CDLL(name) if name else None

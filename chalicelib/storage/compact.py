"""Which of two forms items are written in; both are read at any time."""

from __future__ import annotations

import os
from typing import Final

COMPACT: Final = os.environ.get("COMPACT_STORAGE") != "off"
"""Documents packed (`packing`) and the audit lines of one decision in one item (`items.audit`). `off` as long as the
release of 2026-11-22's morning, which reads neither, may come back (docs/deployment.md)."""

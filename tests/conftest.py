"""For every test: generated cases take the time they need, and in CI they are the same at every run."""

from __future__ import annotations

import os

from hypothesis import settings

from infra.asked import note_calls

# A slow machine is no fault of the code; a case found by chance belongs in a test of its own, not in CI's luck.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")

# `make test` compares what each function asked of AWS with what it is granted (infra.grants).
note_calls()

"""What every task does with its payload and its errors.

Step Functions retries by the name of an error: every passing fault leaves as `Unavailable`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from ..domain.errors import Unavailable
from ..log import facts, logger
from ..passing import code_of, passes
from ..usecases.covers.make_cover import CoverObsolete

log = logger(__name__)

F = TypeVar("F", bound=Callable[[Mapping[str, Any], Any], Mapping[str, Any]])


class DossierStillOpen(Exception):
    """What should have ended the dossier found nothing to end. The machine knows this class by its name."""


class Payload(BaseModel):
    """Payload of a task, schema 1. More fields are allowed: an execution may outlive a deploy."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    schema_: Literal[1]
    dossier_code: str

    @classmethod
    def read(cls, event: Mapping[str, Any]) -> Any:
        """The payload of an event. Raises pydantic's ValidationError, which no retry mends."""
        return cls.model_validate({**event, "schema_": event.get("schema")})


def task(function: F) -> F:
    """Log what a task did and give passing faults of AWS their common name."""

    @functools.wraps(function)
    def guarded(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
        told = facts(dossier_code=event.get("dossier_code"), cover_id=event.get("cover_id"), action=event.get("action"))
        try:
            answer = function(event, context)
        except (Unavailable, CoverObsolete, DossierStillOpen):
            raise
        except Exception as error:
            if passes(error):
                raise Unavailable(code_of(error), "") from error
            log.exception("task failed", extra=told)
            raise
        log.info("task done", extra=told)
        return answer

    return guarded  # type: ignore[return-value]

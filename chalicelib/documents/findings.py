"""What an examination of a signed cover finds: the checks there are, what each came to, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from .seals import SignatureLevel


class Check(StrEnum):
    """What is looked at, in this order."""

    READABLE = "READABLE"
    """A PDF that can be read."""
    SIGNED = "SIGNED"
    """One signature, a certification."""
    INTACT = "INTACT"
    """The signed bytes are those that were signed, and the signature is the certificate's."""
    TRUSTED = "TRUSTED"
    """The certificate leads to a root that the verifier trusts, and was valid at the time of signing."""
    WHOLE = "WHOLE"
    """The signature covers the whole file."""
    UNCHANGED = "UNCHANGED"
    """It allows no changes, and none was made."""
    TIME = "TIME"
    """The time of the signature is the one printed; with a time stamp, also that of the authority."""
    ARCHIVAL = "ARCHIVAL"
    """The marks of PDF/A-3a and PDF/UA-1."""
    DATA = "DATA"
    """One attachment with the cover's data, in canonical form."""
    PAGE = "PAGE"
    """The page says what the data say, and nothing else."""
    CODE = "CODE"
    """The drawn verification code is a token of these very data; where its keys are known, one that they signed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `passed` None: it could not be made here. `why`: the reason where it is not plainly passed."""

    check: Check
    passed: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that a file shows."""

    findings: Sequence[Finding]
    level: SignatureLevel | None = None
    signer: str | None = None
    """The subject of the certificate."""
    certificate: str | None = None
    """SHA-256 of the certificate, hex."""
    signed_at: datetime | None = None
    time_proven: bool = False
    """True: an authority's time stamp says it. False: the signer alone does."""
    revocation_proven: bool = False
    """True: the file carries the answers on revocation."""
    code_proven: bool = False
    """True: the verification code is signed by a key that the verifier knows."""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether every check was made and passed."""
        return len(self.findings) == len(Check) and all(finding.passed for finding in self.findings)

    @property
    def faults(self) -> tuple[Check, ...]:
        """The checks that failed, or could not be made."""
        return tuple(finding.check for finding in self.findings if not finding.passed)

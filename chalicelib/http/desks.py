"""The blueprints that a process of the API imports when somebody first asks for one of their routes.

Officers, operators, accounting and the portal's own administration: a fifth of what a cold start took.
"""

from __future__ import annotations

from ..settings import SANDBOX, stage
from .amounts import refunds
from .configuration import procedures, rules
from .course import changes, desk, officers, rest
from .covers import campaigns, cover_life
from .ledger import reconciliation, voucher_desk
from .messages import deliveries
from .oversight import watchdog
from .people import data_requests, report, viewers
from .registration import slips

_MODULES = (
    *(refunds, deliveries, viewers, slips, officers, report, data_requests, changes, cover_life),
    *(campaigns, desk, rest, watchdog, procedures, rules, reconciliation, voucher_desk),
)
BLUEPRINTS = [each.bp for each in _MODULES]

if stage() == SANDBOX:
    from . import sandbox

    BLUEPRINTS.append(sandbox.bp)

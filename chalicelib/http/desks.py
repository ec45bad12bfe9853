"""The blueprints that a process of the API imports when somebody first asks for one of their routes.

Officers, operators, accounting and the portal's own administration: a fifth of what a cold start took.
"""

from __future__ import annotations

from ..settings import SANDBOX, stage
from . import (
    campaigns,
    course,
    cover_life,
    data_requests,
    deliveries,
    desk,
    officers,
    people,
    procedures,
    reconciliation,
    refunds,
    rest,
    rules,
    slips,
    viewers,
    voucher_desk,
    watchdog,
)

_MODULES = (
    *(refunds, deliveries, viewers, slips, officers, people, data_requests, course, cover_life),
    *(campaigns, desk, rest, watchdog, procedures, rules, reconciliation, voucher_desk),
)
BLUEPRINTS = [each.bp for each in _MODULES]

if stage() == SANDBOX:
    from . import sandbox

    BLUEPRINTS.append(sandbox.bp)

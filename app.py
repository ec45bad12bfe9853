"""The application: registers the blueprints, nothing else."""

from __future__ import annotations

from chalice.app import Chalice

from chalicelib.http import (
    auth,
    campaigns,
    course,
    cover_life,
    data_requests,
    deliveries,
    desk,
    framework,
    officers,
    people,
    portal,
    procedures,
    public,
    reconciliation,
    refunds,
    rest,
    rules,
    slips,
    verification,
    viewers,
    voucher_desk,
    watchdog,
)
from chalicelib.settings import SANDBOX, on_lambda, stage

app = Chalice(app_name="bhxh-602e", configure_logs=False)

BLUEPRINTS = (
    *(framework, auth, public, refunds, verification, portal, deliveries, viewers, slips),
    *(officers, people, data_requests, course, cover_life, campaigns, desk, rest, watchdog, procedures, rules),
    *(reconciliation, voucher_desk),
)
for each in BLUEPRINTS:
    app.register_blueprint(each.bp)

# On Lambda this module serves HTTP alone: a queue's, a stream's or a task's function starts at its own module
# (`chalicelib.queues.vouchers`). Their blueprints are for `chalice package` and for tests.
if not on_lambda():
    from chalicelib.queues import relay, vouchers, webhooks
    from chalicelib.workflows import anchor, canary, cover, dossier, renderer, sweep

    for other in (vouchers, relay, webhooks, dossier, cover, renderer, sweep, anchor, canary):
        app.register_blueprint(other.bp)

if stage() == SANDBOX:
    from chalicelib.http import sandbox

    app.register_blueprint(sandbox.bp)

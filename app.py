"""The application: registers the blueprints, nothing else."""

from __future__ import annotations

from chalice.app import Chalice

from chalicelib.http import auth, framework, officers, portal, public, rules
from chalicelib.queues import relay, vouchers
from chalicelib.settings import SANDBOX, stage
from chalicelib.workflows import cover, dossier, renderer, sweep

app = Chalice(app_name="bhxh-602e", configure_logs=False)

for each in (framework, auth, public, portal, officers, rules, vouchers, relay, dossier, cover, renderer, sweep):
    app.register_blueprint(each.bp)

if stage() == SANDBOX:
    from chalicelib.http import sandbox

    app.register_blueprint(sandbox.bp)

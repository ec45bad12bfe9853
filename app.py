"""The application: registers the blueprints, nothing else."""

from __future__ import annotations

from chalicelib.http import auth, framework, public
from chalicelib.http.application import Application
from chalicelib.http.covers import verification
from chalicelib.http.registration import portal
from chalicelib.settings import on_lambda

# What a citizen's declaration and anybody's look at a dossier or a cover need; the rest comes when it is asked for.
app = Application("bhxh-602e", later="chalicelib.http.desks")
for each in (framework, auth, public, verification, portal):
    app.register_blueprint(each.bp)

# On Lambda this module serves HTTP alone: a queue's, a stream's or a task's function starts at its own module
# (`chalicelib.queues.vouchers`). Their blueprints are for `chalice package` and for tests.
if not on_lambda():
    from chalicelib.queues import relay, vouchers, webhooks
    from chalicelib.workflows import anchor, canary, cover, dossier, renderer, sweep

    app.complete()
    for other in (vouchers, relay, webhooks, dossier, cover, renderer, sweep, anchor, canary):
        app.register_blueprint(other.bp)

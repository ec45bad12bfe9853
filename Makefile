# The only door: every command a developer, a demonstration or CI needs. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV   := .venv
BIN    := $(VENV)/bin
LOCK   := tests/requirements.txt
# The environment is made anew whenever the lock changes.
STAMP  := $(VENV)/.installed-$(shell cat $(LOCK) infra/installer.txt | sha256sum | cut -c1-16)
# Where Python may not write byte code, every process would compile every package anew.
COMPILED := $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)
PYTEST := $(BIN)/python -m pytest
# Nothing here may ever reach a real account.
export AWS_DEFAULT_REGION := ap-southeast-1
export AWS_EC2_METADATA_DISABLED := true


.PHONY: reencrypt rotate-field-key upgrade rollback restart restore rehearse-restore rebuild redrive outage help install run demo test test-fast test-local bench mutation package lint fmt lock clean \
	contract deploy diff cost load audit rehearse canary

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

install: $(STAMP) ## the tools, into .venv (done by every other target that needs them)

$(STAMP): $(LOCK) infra/installer.txt infra/find-python
	@python="$$(bash infra/find-python)"; \
	echo "==> $$($$python --version): making $(VENV) (about a minute, once per lock file)"; \
	rm -rf $(VENV); $$python -m venv $(VENV); \
	echo "==> installing the installer"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r infra/installer.txt; \
	echo "==> installing $$(grep -c '^[a-zA-Z].*==' $(LOCK)) packages from $(LOCK)"; \
	$(BIN)/uv pip sync --python $(BIN)/python --require-hashes $(COMPILED) $(LOCK); \
	touch $(STAMP)

run: $(STAMP) ## the whole system on this machine, until Ctrl-C (PORT=8000, AWS_PORT=4566, HANDLERS=inline|process)
	@exec $(BIN)/python -m infra.local

demo: $(STAMP) ## a first-timer from declaration to cover sheet, in plain words; leaves .local/demo/cover.pdf
	@$(BIN)/python -m infra.demo

package: $(STAMP) ## what is deployed: build/<stage>/{template.json,deployment.zip,layers/} (STAGE=sandbox)
	@$(BIN)/python -m infra.package --stage $(or $(STAGE),sandbox)

# Only these two may reach an account, with the credentials of whoever calls: REGION, ARTEFACTS (a bucket), PARAMETERS (a file).
DEPLOY = $(BIN)/python -m infra.deploy --stage $(or $(STAGE),sandbox) --region $(or $(REGION),$(AWS_DEFAULT_REGION)) \
	--artefacts "$(ARTEFACTS)" --stack "$(STACK)" $(if $(PARAMETERS),--parameters "$(PARAMETERS)") $(if $(ENDPOINT),--endpoint "$(ENDPOINT)")
deploy: $(STAMP) ## to an account: package, upload, change set, wait, outputs (STAGE= REGION= ARTEFACTS= PARAMETERS= CONFIRM=<stage>)
	@$(DEPLOY) --confirm "$(CONFIRM)"

diff: $(STAMP) ## what `make deploy` would change in the deployed stack; writes nothing
	@$(DEPLOY) --diff

# Beside the tests runs a notebook of what each function asks of AWS; the last step holds it against the roles.
test: export NOTE_CALLS := build/calls
test: lint ## everything CI does
	@rm -rf build/calls
	@echo "==> unit tests of the rules, every branch"
	$(PYTEST) tests/unit --cov --cov-report=term
	@echo "==> integration, workflows, contract, infrastructure"
	$(PYTEST) tests --ignore=tests/unit --ignore=tests/local --ignore=tests/benchmarks -n 2 --dist loadfile
	@$(MAKE) test-local
	@echo "==> what each function asked of AWS in all of this, beside what it is granted"
	$(BIN)/python -m infra.grants build/calls

test-local: $(STAMP) ## the packaged template on the local cloud, over HTTP and SQS
	@echo "==> the packaged template, deployed on the local cloud"
	$(PYTEST) tests/local -n 2 --dist loadfile

# Left to `make test`: what packages the app, plays whole executions, draws documents, crashes on purpose or takes long.
LATER  := local benchmarks infra workflows documents faults \
	$(addprefix integration/test_,sign_cover.py cover_proof.py cover_campaign.py cover_life.py rebuild.py redrive.py \
		anchors.py file_audit.py webhooks.py canary.py) \
	$(addprefix integration/http/test_,rest.py reconciliation.py course.py desk.py officers.py slips.py)
test-fast: $(STAMP) ## the quick part, for daily work: style, types, rules, storage and doors, in under a minute
	@$(MAKE) lint
	$(PYTEST) tests $(LATER:%=--ignore=tests/%) -m "not slow" -n 2 --dist loadfile

bench: $(STAMP) ## CPU, write transactions, imports and sizes, each beside its floor
	@$(BIN)/python -m tests.benchmarks

outage: $(STAMP) ## scenario A20 with figures: VOUCHERS=5000 wait for two hours, then all of them take effect
	@$(BIN)/python -m tests.benchmarks.outage $(VOUCHERS)

# What lies before today's work: the last version that another one is known to follow.
FROM ?= 8108da8
OPERATION = $(BIN)/python -m tests.operation
upgrade: $(STAMP) ## a full system of FROM=<git ref> becomes the source tree while it works: nothing lost (EACH=20)
	@$(OPERATION).upgrade --before $(FROM) $(if $(TO),--to $(TO)) $(if $(EACH),--each $(EACH))

rollback: $(STAMP) ## the same and back again, after the new version has worked for a while (FROM= EACH=20)
	@$(OPERATION).upgrade --back --before $(FROM) $(if $(TO),--to $(TO)) $(if $(EACH),--each $(EACH))

restart: $(STAMP) ## the local cloud killed in the middle of everything: nothing lost, nothing twice (EACH=20 KILLS=12 SEED=1)
	@$(OPERATION).restart $(if $(EACH),--each $(EACH)) $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

rehearse-restore: $(STAMP) ## a stack lost and made again from an export of its table; then everybody goes on (EACH=20)
	@$(OPERATION).restore $(if $(EACH),--each $(EACH))

# A deployed stack is reached only by this target, only when STAGE names it, with the caller's own credentials.
redrive rebuild restore reencrypt rotate-field-key: export AWS_EC2_METADATA_DISABLED := $(if $(STAGE)$(REAL),false,true)
redrive: $(STAMP) ## dead letters by cause and what a replay would do; CONFIRM=1 replays (QUEUE=, ONLY=, RATE=, STAGE=)
	@$(BIN)/python -m infra.redrive $(if $(QUEUE),--queue $(QUEUE)) $(if $(STAGE),--stage $(STAGE)) \
		$(if $(ONLY),--only $(ONLY)) $(if $(RATE),--rate $(RATE)) $(if $(CONFIRM),--confirm)

restore: $(STAMP) ## a stack made from an export: checked, its key and documents taken over, swept; CONFIRM=1 does it (docs/deployment.md)
	@$(BIN)/python -m infra.restore --export "$(EXPORT)" --identifier-key "$(IDENTIFIER_KEY)" --documents "$(DOCUMENTS)" \
		$(if $(STACK),--stack $(STACK)) $(if $(REAL),--real) $(if $(CONFIRM),--confirm)

rebuild: $(STAMP) ## the ledger reckoned anew: what differs from its versions and decisions; CONFIRM=1 repairs (STAGE=)
	@$(BIN)/python -m infra.rebuild $(if $(STAGE),--stage $(STAGE)) $(if $(CONFIRM),--confirm,--dry-run)

reencrypt: $(STAMP) ## personal ids and telephone numbers in plain form or under an older data key; CONFIRM=1 seals them (STAGE=)
	@$(BIN)/python -m infra.reencrypt $(if $(STAGE),--stage $(STAGE)) $(if $(CONFIRM),--confirm)

rotate-field-key: $(STAMP) ## the next data key for such fields; CONFIRM=1 makes it, then make reencrypt (STAGE=)
	@$(BIN)/python -m infra.reencrypt --rotate $(if $(STAGE),--stage $(STAGE)) $(if $(CONFIRM),--confirm)

mutation: $(STAMP) ## mutants of the rules: how many the unit tests notice (ONLY="interest.py refund.py")
	@$(BIN)/python -m infra.mutation $(ONLY)

contract: $(STAMP) ## the published contract, judged by Spectral (OWASP) and fuzzed by schemathesis on a local run (FUZZ=25)
	@$(BIN)/python -m infra.contract

canary: $(STAMP) ## the canary's dossier on the local run: declared, paid, told, removed; milliseconds of each (RUNS=3)
	@RUNS=$(RUNS) $(BIN)/python -m infra.canary

rehearse: $(STAMP) ## the integration kit: people and faults played on a local run (FAULT=duplicate|late|reversed|malformed|slow)
	@$(BIN)/python -m infra.rehearse

load: $(STAMP) ## mixed traffic by Locust against a fresh local run (LOAD_SECONDS=600 LOAD_USERS=20)
	@$(BIN)/python -m tests.load

audit: $(STAMP) ## known weaknesses: code (bandit), packages (pip-audit, npm: network, or ADVISORIES=<checkout>), template (checkov)
	@$(BIN)/python -m infra.audit $(if $(ADVISORIES),--advisories $(ADVISORIES))

cost: $(STAMP) ## a million registrations, line by line, from counted calls and dated prices (REGION=us-east-1)
	@$(BIN)/python -m tests.cost $(or $(REGION),us-east-1)

lint: $(STAMP) ## style (ruff) and types (mypy strict)
	@echo "==> ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "==> mypy --strict"
	@$(BIN)/mypy

fmt: $(STAMP) ## format the code
	@$(BIN)/ruff check --fix --show-fixes .
	@$(BIN)/ruff format .

COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' --quiet
lock: $(STAMP) ## the hashed lock files, all from one resolution
	$(COMPILE) tests/requirements.in -o tests/requirements.txt
	for each in requirements infra/installer tests/mutation tests/contract tests/load $(patsubst %.in,%,$(wildcard infra/layers/*/requirements.in)); do \
		echo "==> $$each.txt"; $(COMPILE) $$each.in -c tests/requirements.txt -o $$each.txt; done
	@echo "==> tests/audit.txt"; $(COMPILE) tests/audit.in -o tests/audit.txt

clean: ## remove what was built (not .venv, and not .local: that holds the data of `make run`)
	rm -rf build .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find app.py chalicelib infra tests -name __pycache__ -type d -prune -exec rm -rf {} +

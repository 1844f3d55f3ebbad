# Everything starts here: `make help` lists the targets. Needs make and Python 3.11 or newer.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Every path below is relative, so that a checkout may lie in a directory with spaces in its name.
RUN := .venv/bin/python
UV := $(shell command -v uv 2>/dev/null || echo .paitho/tools/bin/uv)
NODE_IN_PATH := $(shell node -e 'process.exit(+process.versions.node.split(".")[0] < 18)' 2>/dev/null \
	&& command -v npm >/dev/null 2>&1 && echo yes)
WITH_NODE := $(if $(NODE_IN_PATH),,$(UV) run --quiet --frozen --isolated --only-group node)
NPM := $(WITH_NODE) npm
SYNCED := .venv/.synced
PACKAGES := node_modules/.installed
ARGS ?=

export UV_PYTHON_DOWNLOADS ?= automatic
export PAITHO_PORT PAITHO_OPS_PORT
# A dozen processes start for one `make up`, hundreds for the tests; each compiles Django anew where this is set.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: test-exactly-once bench-mail
.PHONY: help up stop demo psql manage assets check format test test-slow clean
.PHONY: site-quality scan
.PHONY: bench-import bench-leads
.PHONY: operator
.PHONY: bench-boundary bench-workspaces
.PHONY: bench-llm bench-pipeline test-providers

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' Makefile

up: $(SYNCED) assets ## run everything here in the foreground: http://localhost:8000 (PAITHO_PORT=8080 for another port)
	@$(RUN) -m paitho.embedded up

stop: $(SYNCED) ## stop what `make up` runs in another terminal
	@$(RUN) -m paitho.embedded stop

demo: $(SYNCED) ## run the main job once on a file of leads: make demo CSV=leads.csv [ARGS=--keep]
	@test -n "$(CSV)" || { echo "Name the file: make demo CSV=leads.csv"; exit 2; }
	@$(RUN) -m paitho.embedded demo "$(CSV)" $(ARGS)

operator: $(SYNCED) ## make a sign-in to the operators' console: make operator EMAIL=you@example.com
	@test -n "$(EMAIL)" || { echo "Name the operator: make operator EMAIL=you@example.com"; exit 2; }
	@$(RUN) -m paitho.embedded run manage $(RUN) manage.py create_operator "$(EMAIL)"

psql: $(SYNCED) ## open the embedded database as its superuser
	@$(RUN) -m paitho.embedded psql

manage: $(SYNCED) ## run a management command on the embedded default: make manage ARGS="verify_posture"
	@$(RUN) -m paitho.embedded run manage $(RUN) manage.py $(ARGS)

assets: $(SYNCED) $(PACKAGES) ## collect what browsers load from the npm packages
	@$(RUN) -m paitho.assets

check: $(SYNCED) ## lint, types, floors, templates, migrations, settings
	@$(RUN) .ci/check.py

format: $(SYNCED) ## format the code and the templates
	@$(RUN) -m ruff check --fix --quiet . ; $(RUN) -m ruff format . ; $(RUN) .ci/check.py --format-templates

# Tests wait for browsers and servers now and then: one process more than there are processors.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
PYTEST_IN_PARALLEL := -m pytest -n $(WORKERS) --maxprocesses 8 --dist worksteal -q

test: $(SYNCED) assets ## run every test but the slow ones, in parallel: make test [ARGS="tests/leads -k csv"]
	@start=$$(date +%s); $(RUN) -m tests.system \
	  && $(RUN) $(PYTEST_IN_PARALLEL) -m "not slow and not apart" $(ARGS); result=$$?; \
	  echo "make test took $$(( $$(date +%s) - start )) s"; exit $$result

test-slow: $(SYNCED) assets ## run the slow tests: killed processes, restores, fuzzing, whole installations
	@$(RUN) -m tests.system && $(RUN) $(PYTEST_IN_PARALLEL) -m "slow and not apart" $(ARGS)

ROUNDS ?= 3
.PHONY: bench-audit bench-export bench-restore

WRITERS ?= 16
SECONDS ?= 8
AUDIT_ROUNDS ?= 5
bench-audit: $(SYNCED) ## measure the sealed log beside a bare table: WRITERS=16 SECONDS=8 AUDIT_ROUNDS=5
	@$(RUN) -m bench.audit --writers $(WRITERS) --seconds $(SECONDS) --rounds $(AUDIT_ROUNDS)

SIZES ?= 10000 100000 1000000
bench-export: $(SYNCED) ## measure the export beside pg_dump | gzip: SIZES="10000 100000 1000000"
	@$(RUN) -m bench.export --sizes $(SIZES)

RESTORE_LEADS ?= 100000
bench-restore: $(SYNCED) ## measure backup and restore beside pg_dump and pg_restore: RESTORE_LEADS=100000 ROUNDS=3
	@$(RUN) -m bench.restore --leads $(RESTORE_LEADS) --rounds $(ROUNDS)

ROWS ?= 100000
PEER_ROWS ?= 5000
PEAK_ROWS ?= 1000000
IMPORT_ROUNDS ?= 5
bench-import: $(SYNCED) ## measure the import: ROWS=100000 IMPORT_ROUNDS=5 PEER_ROWS=5000 PEAK_ROWS=1000000
	@$(RUN) -m bench.imports --rows $(ROWS) --rounds $(IMPORT_ROUNDS) --peer-rows $(PEER_ROWS) --peak-rows $(PEAK_ROWS)

N ?= 1000
PEER ?= 100
WORKSPACES ?= 200
LEADS ?= 500
ROUNDS_OF_PAGES ?= 20
bench-workspaces: $(SYNCED) assets ## measure many workspaces, also against django-tenants alone: N=1000 PEER=100
	@$(RUN) -m bench.workspaces --n $(N) --peer $(PEER)

bench-boundary: $(SYNCED) ## measure a page's query, also by django-tenants alone: WORKSPACES=200 LEADS=500 ROUNDS_OF_PAGES=20
	@$(RUN) -m bench.boundary --workspaces $(WORKSPACES) --leads $(LEADS) --rounds $(ROUNDS_OF_PAGES)

test-providers: $(SYNCED) ## let every provider fail in every way, and print what became of each lead
	@$(RUN) -m pytest -q tests/campaigns/test_failing_providers.py

bench-llm: $(SYNCED) ## calls per second and memory of one worker process, for each provider
	@$(RUN) -m bench.llm_edge

PIPELINE_LEADS ?= 1000
BIG ?= 10000
SMALL ?= 50
LATENCY ?= 1.0
bench-pipeline: $(SYNCED) ## measure the pipeline beside its ideal: PIPELINE_LEADS=1000 BIG=10000 SMALL=50 LATENCY=1.0
	@$(RUN) -m bench.pipeline --leads $(PIPELINE_LEADS) --big $(BIG) --small $(SMALL) --latency $(LATENCY)

bench-leads: $(SYNCED) assets ## measure the pages about leads with ROWS=100000 of them
	@$(RUN) -m bench.lead_pages --rows $(ROWS)

SENDS ?= 10000
KILL_EVERY ?= 4
PACE ?= 2
test-exactly-once: $(SYNCED) ## kill the workers all the time over many sends, count at the server: SENDS=10000 PACE=2
	@$(RUN) -m tests.system && $(RUN) -m tests.exactly_once --sends $(SENDS) --kill-every $(KILL_EVERY) --pace $(PACE) $(ARGS)

MESSAGES ?= 20000
MAILBOXES ?= 200
REPLIES ?= 300
MAIL_ROUNDS ?= 3
bench-mail: $(SYNCED) ## measure the mail engine next to mbsync and smtplib: MESSAGES=20000 MAILBOXES=200 REPLIES=300
	@$(RUN) -m tests.system && $(RUN) -m bench.mail --messages $(MESSAGES) --mailboxes $(MAILBOXES) --replies $(REPLIES) --rounds $(MAIL_ROUNDS)

.PHONY: regions
regions: $(SYNCED) assets ## start two regions side by side and prove that a workspace of one leaves nothing in the other
	@$(RUN) -m tests.system && $(RUN) -m pytest -q tests/regions

QUALITY := .ci/quality/node_modules/.installed
PAGES ?=
site-quality: $(SYNCED) assets $(QUALITY) ## Lighthouse and an HTML checker on the public pages: make site-quality [PAGES="home trust"]
	@PAGES="$(PAGES)" $(WITH_NODE) $(RUN) -m pytest -q -m apart -p no:xdist tests/trust/test_quality.py $(ARGS)

$(QUALITY): .ci/quality/package-lock.json | $(filter .paitho/tools/bin/uv,$(UV))
	@$(NPM) ci --prefix .ci/quality --no-progress --loglevel error >/dev/null && touch $@

scan: ## sqlmap and wapiti against a running `make up`: make scan [PAITHO_PORT=8000] [ARGS="--only apex --seconds 60"]
	@$(UV) run --quiet --isolated --no-project --with sqlmap --with wapiti3 python .ci/scan.py \
	  --port $${PAITHO_PORT:-8000} --ops-port $${PAITHO_OPS_PORT:-8001} $(ARGS)

clean: ## remove what was installed and built, and keep the data in .paitho
	rm -rf .venv node_modules static paitho/static/build .mypy_cache .ruff_cache .paitho/tools

$(SYNCED): pyproject.toml uv.lock | $(filter .paitho/tools/bin/uv,$(UV))
	@echo "Installing the Python packages …"
	@$(UV) sync --quiet --frozen
	@touch $@

$(PACKAGES): package.json package-lock.json .npmrc | $(filter .paitho/tools/bin/uv,$(UV))
	@echo "Installing the npm packages …"
	@$(NPM) ci --no-progress --no-update-notifier --loglevel error >/dev/null
	@touch $@

.paitho/tools/bin/uv:
	@sh .ci/install-uv

.PHONY: test-canary bench-sealing
SEALING_LEADS ?= 1000000
SEALING_SMALL ?= 100000

test-canary: $(SYNCED) assets ## write words into every category by browser, and look for them on disk, in memory, in dumps
	@$(RUN) -m tests.system && $(RUN) -m pytest -q -m apart tests/canary $(ARGS)

bench-sealing: $(SYNCED) assets ## what sealing costs: envelopes, a page, a search (SEALING_LEADS=1000000 SEALING_SMALL=100000)
	@$(RUN) -m bench.sealing --leads $(SEALING_LEADS) --small $(SEALING_SMALL)

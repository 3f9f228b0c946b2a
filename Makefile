# `make train` and `make test` do all the set-up on a machine that has only Python 3.11+ and make.

PYTHON ?= python3
VENV ?= .venv
# What is installed into VENV: this checkout, editable; CI sets a wheel.
EDITABLE ?= -e
PACKAGE ?= .
# More options for the command, as in: make train ARGS="--hidden 256,128"
ARGS ?=
# The models in weights/.
SHIPPED := mnist-784-512-10 mnist-784-512-10-best mnist-784-512-10-people mnist-best-large mnist-people-large
# The suite runs in so many processes at a time, each with its own files of tests; some of them mostly wait.
PARTS ?= 3
SIDE_BY_SIDE = --numprocesses=$(PARTS) --dist=loadfile --benchmark-disable
SHORT := $(addprefix tests/,kernels $(addsuffix .py,$(addprefix test_,training classifier cli pictures without_numba)))
AVX2 := +sse,+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2

BIN := $(VENV)/bin
# On a terminal pip shows how far it is.
PIP_INSTALL := $(BIN)/python -m pip install $(if $(MAKE_TERMOUT),,--quiet) --disable-pip-version-check
# One study: python -m benchmarks NAME, at the top of the checkout.
STUDY := bin/python -m benchmarks
# Each module in benchmarks/studies is a target, but for what needs an environment of its own.
STUDIES := $(filter-out bench-peers,$(subst _,-,$(patsubst benchmarks/studies/%.py,%,$(wildcard benchmarks/studies/[a-z]*.py))))
# Those that need an extra of fastnet.
WITH_PICTURES := roofline scaling pictures distortions screenshots latency sessions serving-load moving-picture
WITH_AUDIT := generalisation audit-pictures notebooks
WITH_SKLEARN := other-data
# Those that write into the documents unless they are run by hand.
WRITTEN := copies first-screen roofline scaling cold-start time-to-accuracy records streaming generalisation distortion-cost batch-prediction other-data serving-load notebooks

# The studies are not installed: they are found because make runs at the top of the checkout.
unexport PYTHONSAFEPATH

.DEFAULT_GOAL := help
.PHONY: help train test short oldest newest pythons emulate bench bench-peers lint format dashboard weights audit site dist try-dist release clean $(STUDIES)

help: ## list what make can do
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 25
	@echo; echo "Studies, each a target as well (make ladder ARGS=--write):"; $(PYTHON) -m benchmarks | tail -n +2

train: $(VENV)/.installed ## train the default network on MNIST and save the run
	$(BIN)/fastnet train $(ARGS)

# Threads that have nothing to do sleep: those that look for work again and again take the processor from another part.
test short emulate: export OMP_WAIT_POLICY = PASSIVE
test short emulate: export OPENBLAS_THREAD_TIMEOUT = 4
# The kernels are compiled meanwhile, once, and not by each process that comes to need them. The whole suite comes last, so
# that what a long log ends with is what failed.
test: $(VENV)/.installed-test ## run all tests, the kernels' also without the JIT
	$(BIN)/fastnet compile --layers 1 2 --images uint8 sparse --quiet > /dev/null & \
	PYTHONSAFEPATH=1 NUMBA_DISABLE_JIT=1 $(BIN)/pytest $(SIDE_BY_SIDE) tests/kernels --cov --cov-report=term:skip-covered; \
	as_python=$$?; wait; PYTHONSAFEPATH=1 $(BIN)/pytest $(SIDE_BY_SIDE) || exit; \
	[ $$as_python = 0 ] || { echo "the kernels' tests without the JIT failed: see above"; exit 1; }

short: $(VENV)/.installed-test ## run what another Python, or other releases of the dependencies, may break
	PYTHONSAFEPATH=1 $(BIN)/pytest $(SIDE_BY_SIDE) $(SHORT)

oldest: ## run the same with the oldest release of each dependency; takes an environment of its own
	mkdir -p build && $(PYTHON) .ci/oldest.py > build/oldest.txt
	PIP_CONSTRAINT=$(CURDIR)/build/oldest.txt $(MAKE) short VENV=build/oldest-venv

newest: $(VENV)/.installed-test ## run all tests with the newest Numba, beyond its bound
	$(PIP_INSTALL) --upgrade --upgrade-strategy eager numba
	$(MAKE) test

pythons: ## run a part of the suite on the oldest and the newest Python found, and with the oldest dependencies
	$(PYTHON) .ci/pythons.py $(foreach name,EDITABLE PACKAGE,"$(name)=$($(name))")

emulate: $(VENV)/.installed-test ## run the kernels' tests as if on lesser x86-64 CPUs (8 and 4 lanes)
	PYTHONSAFEPATH=1 NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES=$(AVX2) $(BIN)/pytest $(SIDE_BY_SIDE) tests/kernels tests/test_training.py
	PYTHONSAFEPATH=1 NUMBA_CPU_NAME=x86-64 NUMBA_CPU_FEATURES=+sse,+sse2 $(BIN)/pytest $(SIDE_BY_SIDE) tests/kernels tests/test_training.py

bench-peers: ## time fastnet side by side with PyTorch, JAX, scikit-learn and NumPy
	$(MAKE) VENV=build/peers-venv build/peers-venv/.installed-peers
	build/peers-venv/$(STUDY) bench-peers --json build/peers.json $(ARGS)
	build/peers-venv/$(STUDY) tables epochs build/peers.json
	build/peers-venv/$(STUDY) tables peers build/peers.json

lint: $(VENV)/.installed-lint ## check format, style, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	rm -rf build/typed && mkdir -p build/typed/fastnet
	ln -sfn $(foreach part,$(wildcard fastnet/*) kernels dashboard weights,$(CURDIR)/$(part)) build/typed/fastnet
	ln -sfn $(CURDIR)/benchmarks build/typed/benchmarks
	cd build/typed && $(abspath $(BIN))/mypy --config-file $(CURDIR)/pyproject.toml -p fastnet -p benchmarks
	cd build/typed && PYTHONPATH=. $(abspath $(BIN))/lint-imports --no-logo --no-cache $(CURDIR)/pyproject.toml

format: $(VENV)/.installed-lint ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-test ## time each kernel against its NumPy reference
	$(BIN)/pytest benchmarks/bench_kernels.py --benchmark-json=build/kernels.json $(ARGS)
	$(VENV)/$(STUDY) tables kernels build/kernels.json

$(WITH_PICTURES): $(VENV)/.installed-pictures
$(WITH_AUDIT): $(VENV)/.installed-audit
$(WITH_SKLEARN): $(VENV)/.installed-sklearn
$(filter-out $(WITH_PICTURES) $(WITH_AUDIT) $(WITH_SKLEARN),$(STUDIES)): $(VENV)/.installed
$(WRITTEN): WRITE = --write
ladder: export OPENBLAS_NUM_THREADS = 1
pictures-table: export OMP_NUM_THREADS = 1
$(STUDIES):
	$(VENV)/$(STUDY) $@ $(WRITE) $(ARGS)

weights: $(VENV)/.installed ## train the models that come with fastnet anew, and audit them
	rm -rf $(SHIPPED:%=build/%)
	$(MAKE) $(SHIPPED:%=build/%)
	$(MAKE) audit

build/mnist-784-512-10: RECIPE = plain
build/mnist-784-512-10-best: RECIPE = best
build/mnist-784-512-10-people: RECIPE = people
build/mnist-best-large: RECIPE = best-large
build/mnist-people-large: RECIPE = people-large
build/mnist-best-large build/mnist-people-large: STORED = --float16
$(SHIPPED:%=build/%):
	$(BIN)/fastnet train --recipe $(RECIPE) --out $@
	$(VENV)/$(STUDY) shipping $(STORED) $@ weights/$(@F)
	$(BIN)/fastnet calibrate weights/$(@F)

audit: $(VENV)/.installed-audit ## audit the models that come with fastnet anew; reports go to build/, pictures to docs/
	rm -rf $(SHIPPED:%=build/audit-%)
	$(BIN)/fastnet audit weights/mnist-784-512-10 --against mnist-784-512-10-best --out build/audit-mnist-784-512-10
	$(BIN)/fastnet audit weights/mnist-784-512-10-best --against mnist-784-512-10 --out build/audit-mnist-784-512-10-best
	$(BIN)/fastnet audit weights/mnist-784-512-10-people --against mnist-784-512-10-best --out build/audit-mnist-784-512-10-people
	$(BIN)/fastnet audit weights/mnist-best-large --against mnist-784-512-10-best --out build/audit-mnist-best-large
	$(BIN)/fastnet audit weights/mnist-people-large --against mnist-best-large --out build/audit-mnist-people-large
	cp build/audit-mnist-best-large/errors.png docs/best-large-errors.png
	$(VENV)/$(STUDY) audit-pictures

dashboard: $(VENV)/.installed-dashboard ## serve the page on this machine
	$(BIN)/fastnet dashboard $(ARGS)

site: $(VENV)/.installed-docs ## build the documentation as a site into build/site
	$(BIN)/sphinx-build --fail-on-warning --quiet -d build/doctrees -c docs/site docs build/site
	@echo "open build/site/index.html"

dist: $(VENV)/.created ## build the source distribution and, of it, the wheel into dist/, and check them
	$(PIP_INSTALL) build twine
	rm -rf dist && $(BIN)/python -m build --outdir dist .
	$(BIN)/twine check --strict dist/*

try-dist: ## install the wheel in dist/ into a new environment, read a picture with it, train and serve
	$(PYTHON) .ci/try_wheel.py

release: ## date the changes, set the version, commit and tag: make release VERSION=0.2.0
	$(PYTHON) .ci/release.py "$(VERSION)"

clean: ## remove what was built (not runs/)
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .coverage

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit("fastnet needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	@echo "making the environment $(VENV), once"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.created
	@echo "installing fastnet and what it needs into $(VENV), once: up to some minutes"
	@$(PIP_INSTALL) $(EDITABLE) "$(PACKAGE)"
	@touch $@

$(VENV)/.installed-%: pyproject.toml $(VENV)/.created
	@echo "installing fastnet and what it needs for $* into $(VENV), once: up to some minutes"
	@$(PIP_INSTALL) $(EDITABLE) "$(PACKAGE)[$*]"
	@touch $@ $(VENV)/.installed

# `make train` and `make test` do all the set-up on a machine that has only Python 3.11+ and make.

PYTHON ?= python3
VENV ?= .venv
# What is installed into VENV: this checkout, editable; CI sets a wheel.
EDITABLE ?= -e
PACKAGE ?= .
# More options for the command, as in: make train ARGS="--hidden 256,128"
ARGS ?=
# The models in weights/.
SHIPPED := mnist-784-512-10 mnist-784-512-10-best mnist-best-large
AVX2 := +sse,+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2

BIN := $(VENV)/bin
# -P: what is installed runs, not what lies in the current folder.
SCRIPT := bin/python -m benchmarks
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help train test emulate bench-peers lint format bench ladder options-cost roofline scaling time-to-accuracy records recipes best-recipes weights pictures samples pictures-table fuzz batch-prediction dashboard other-data wheel clean audit screenshots animation streaming generalisation distorting

help: ## list what make can do
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 25

train: $(VENV)/.installed ## train the default network on MNIST and save the run
	$(BIN)/fastnet train $(ARGS)

test: $(VENV)/.installed-test ## run all tests, the kernels' also without the JIT
	PYTHONSAFEPATH=1 $(BIN)/pytest
	PYTHONSAFEPATH=1 NUMBA_DISABLE_JIT=1 $(BIN)/pytest tests/kernels --cov --cov-report=term:skip-covered

emulate: $(VENV)/.installed-test ## run the kernels' tests as if on lesser x86-64 CPUs (8 and 4 lanes)
	NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES=$(AVX2) $(BIN)/pytest tests/kernels tests/test_training.py
	NUMBA_CPU_NAME=x86-64 NUMBA_CPU_FEATURES=+sse,+sse2 $(BIN)/pytest tests/kernels tests/test_training.py

bench-peers: ## time fastnet side by side with PyTorch, JAX, scikit-learn and NumPy
	$(MAKE) VENV=build/peers-venv build/peers-venv/.installed-peers
	build/peers-venv/$(SCRIPT).bench_peers --json build/peers.json $(ARGS)
	build/peers-venv/$(SCRIPT).tables epochs build/peers.json
	build/peers-venv/$(SCRIPT).tables peers build/peers.json

lint: $(VENV)/.installed-lint ## check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	rm -rf build/typed && mkdir -p build/typed/fastnet
	ln -sfn $(foreach part,$(wildcard fastnet/*) kernels dashboard weights,$(CURDIR)/$(part)) build/typed/fastnet
	cd build/typed && $(abspath $(BIN))/mypy --config-file $(CURDIR)/pyproject.toml -p fastnet

format: $(VENV)/.installed-lint ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-test ## time each kernel against its NumPy reference
	$(BIN)/pytest benchmarks/bench_kernels.py --benchmark-json=build/kernels.json $(ARGS)
	$(VENV)/$(SCRIPT).tables kernels build/kernels.json

ladder: $(VENV)/.installed ## time a training step, from the textbook to the fused engine
	OPENBLAS_NUM_THREADS=1 $(VENV)/$(SCRIPT).ladder $(ARGS)

options-cost: $(VENV)/.installed ## time a step with each option of a recipe beside a plain one
	$(VENV)/$(SCRIPT).options $(ARGS)

roofline: $(VENV)/.installed-pictures ## measure the ceilings of this machine and where the kernels stand, write the page
	$(VENV)/$(SCRIPT).roofline --write $(ARGS)

scaling: $(VENV)/.installed-pictures ## measure how the cost of a step grows, write the page
	$(VENV)/$(SCRIPT).scaling --write $(ARGS)

time-to-accuracy: $(VENV)/.installed ## measure the seconds of training until 98, 98.5 and 99 % are right, write the table
	$(VENV)/$(SCRIPT).time_to_accuracy --write $(ARGS)

records: $(VENV)/.installed ## train all recipes with several seeds (hours; goes on where it was stopped), write the table
	$(VENV)/$(SCRIPT).records --write $(ARGS)

recipes: $(VENV)/.installed ## compare recipes on the validation split
	$(VENV)/$(SCRIPT).recipes $(ARGS)

streaming: $(VENV)/.installed ## measure the memory of trainings on more than memory holds, write the table
	$(VENV)/$(SCRIPT).streaming --write $(ARGS)

generalisation: $(VENV)/.installed-audit ## measure the shipped models on digits unlike those they know, write the table
	$(VENV)/$(SCRIPT).generalisation --write $(ARGS)

distorting: $(VENV)/.installed ## measure the share of distorted copies in the time of a training, write the table
	$(VENV)/$(SCRIPT).distorting --write $(ARGS)

best-recipes: $(VENV)/.installed ## compare changes to the recipe "best" on the validation split
	$(VENV)/$(SCRIPT).best_recipes $(ARGS)

weights: $(VENV)/.installed ## train the models that come with fastnet anew, and audit them
	rm -rf $(SHIPPED:%=build/%)
	$(MAKE) $(SHIPPED:%=build/%)
	$(MAKE) audit

build/mnist-784-512-10: RECIPE = seed
build/mnist-784-512-10-best: RECIPE = best
build/mnist-best-large: RECIPE = best-large
build/mnist-best-large: STORED = --float16
$(SHIPPED:%=build/%):
	$(BIN)/fastnet train --recipe $(RECIPE) --out $@
	$(VENV)/$(SCRIPT).shipping $(STORED) $@ weights/$(@F)
	$(BIN)/fastnet calibrate weights/$(@F)

audit: $(VENV)/.installed-audit ## audit the models that come with fastnet anew; reports go to build/, pictures to docs/
	rm -rf $(SHIPPED:%=build/audit-%)
	$(BIN)/fastnet audit mnist-784-512-10 --against mnist-784-512-10-best --out build/audit-mnist-784-512-10
	$(BIN)/fastnet audit mnist-784-512-10-best --against mnist-784-512-10 --out build/audit-mnist-784-512-10-best
	$(BIN)/fastnet audit mnist-best-large --against mnist-784-512-10-best --out build/audit-mnist-best-large
	cp build/audit-mnist-best-large/errors.png docs/best-large-errors.png
	$(BIN)/python docs/audit.py

pictures: $(VENV)/.installed-pictures ## draw the pictures of the README
	$(BIN)/python docs/pictures.py
	$(BIN)/python docs/distortions.py

screenshots: $(VENV)/.installed-pictures ## take screenshots of the page's tabs (needs Chromium; some minutes)
	$(BIN)/python docs/screenshots.py $(ARGS)

animation: $(VENV)/.installed ## make the page's animation anew
	$(BIN)/python docs/animation.py

samples: $(VENV)/.installed ## make the page's sample pictures from MNIST's test digits
	$(BIN)/python docs/samples.py

pictures-table: $(VENV)/.installed ## measure how well and how fast pictures are read
	OMP_NUM_THREADS=1 $(VENV)/$(SCRIPT).bench_pictures $(ARGS)

fuzz: $(VENV)/.installed ## feed 10,000 mutated and random files to the picture reader
	$(VENV)/$(SCRIPT).fuzz_pictures $(ARGS)

batch-prediction: $(VENV)/.installed ## measure how fast directories of pictures are read, and the memory it takes, write the table
	$(VENV)/$(SCRIPT).batch_prediction --write $(ARGS)

dashboard: $(VENV)/.installed-dashboard ## serve the page on this machine
	$(BIN)/fastnet dashboard $(ARGS)

other-data: $(VENV)/.installed-sklearn ## compare FastNetClassifier with MLPClassifier on others' data, write the table
	$(VENV)/$(SCRIPT).other_data --write $(ARGS)

wheel: $(VENV)/.created ## build the wheel into dist/
	$(PIP_INSTALL) build
	$(BIN)/python -m build --wheel --outdir dist .

clean: ## remove what was built (not runs/)
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .coverage

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit("fastnet needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.created
	$(PIP_INSTALL) $(EDITABLE) "$(PACKAGE)"
	@touch $@

$(VENV)/.installed-%: pyproject.toml $(VENV)/.created
	$(PIP_INSTALL) $(EDITABLE) "$(PACKAGE)[$*]"
	@touch $@ $(VENV)/.installed

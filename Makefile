# make demo   set up .venv and annotate the example, in process
# make quick  the tests that need neither server, GPU, data sets nor torch
# make test   set up everything, check, and run every test, the real Triton server included
# make check  ruff, mypy, import-linter, bandit, pip-audit
# make coverage  the tests again, counting the lines that they run
# make nightly  hours: the oracle, damaged files and a server at full load, at length
# make bench  regplug beside Selene, tangermeme, gReLU and bpnet-lite, on an idle machine
# make docs   the documentation as a site, in site/

PYTHON ?= python3
BIN = .venv/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIP2 = .venv-numpy2/bin/python -m pip install --quiet --disable-pip-version-check
PIPPIPELINES = .venv-pipelines/bin/python -m pip install --quiet --disable-pip-version-check
PIPBENCH = .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check
PIPDOCS = .venv-docs/bin/python -m pip install --quiet --disable-pip-version-check
PYTEST = -n 2 --dist loadfile
# Lines that run are counted where that costs nearly nothing: from Python 3.12 on. Before, it takes as long again as the tests.
COUNTED = $$($(BIN)/python -c 'import sys; print("--cov --cov-report=" if sys.version_info >= (3, 12) else "")')
LINES = "lines covered, but for processes of their own: $$($(BIN)/coverage report --format=total) %"
QUICK = $(PYTEST) -m "not triton and not slow and not data"
DEBIAN = bcftools chromium igv snpSift:snpsift tabix vcfanno xauth xvfb-run:xvfb  # a command, and its package if called otherwise
LEAN = nodejs PicardCommandLine:picard-tools vcftools

.PHONY: demo quick test check nightly bench docs debian clean

demo: .venv/core
	@mkdir -p out
	$(BIN)/regplug annotate examples/variants.vcf --fasta examples/example.hg38.fa.gz \
		--model basset_dhs4 --model deepbind_encode -o out/demo.vcf.gz
	@$(BIN)/python examples/show.py out/demo.vcf.gz

quick: .venv/quick
	$(BIN)/python -m pytest $(QUICK) --ignore tests/train

test: .venv/all .venv-pipelines/ready debian check
	rm -f .coverage
	COVERAGE_CORE=sysmon $(BIN)/python -m pytest $(PYTEST) $(COUNTED)
	$(MAKE) test-numpy2
	@if [ -f .coverage ]; then echo $(LINES); else echo "lines covered: make coverage (or Python 3.12)"; fi

# The same tests, counting on any Python.
.PHONY: coverage
coverage: .venv/all .venv-pipelines/ready debian
	$(BIN)/python -m pytest $(PYTEST) --cov --cov-report=
	@echo $(LINES)

# The package as most people install it: no torch, no server, NumPy 2.
.PHONY: test-numpy2
test-numpy2: .venv-numpy2/ready
	.venv-numpy2/bin/python -m pytest $(QUICK) --ignore tests/benchmarks --ignore tests/faults --ignore tests/fuzz

# REGPLUG_CASES (3000 damaged files of each kind; 100,000 alleles) and REGPLUG_MINUTES (10) make it shorter or longer.
nightly: .venv/all
	$(BIN)/python -m pytest $(PYTEST) -m nightly --timeout 0

bench: .venv-bench/ready
	.venv-bench/bin/python -m benchmarks.peers --server

check: .venv/all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml regplug plugins
	$(BIN)/python tests/audit.py

.venv/core: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --upgrade 'pip>=25.1'
	$(PIP) -c constraints.txt -e .
	touch $@

# The documentation, in an environment of its own. Warnings are errors.
docs: .venv-docs/ready
	rm -rf site docs/api
	.venv-docs/bin/sphinx-build --fail-on-warning --keep-going --quiet -d .venv-docs/doctrees docs site

.venv/quick: .venv/core
	$(PIP) -c constraints.txt -e '.[parquet]' --group test
	touch $@

.venv/all: .venv/core
	$(PIP) -c constraints.txt -e '.[dask,embed,keras,motifs,openvino,parquet,patterns,server,train,triton]' --group test --group check
	$(PIP) -c constraints.txt --no-deps --group parity
	touch $@

.venv-numpy2/ready: pyproject.toml constraints.txt
	test -x .venv-numpy2/bin/python || $(PYTHON) -m venv .venv-numpy2
	grep -v '^numpy==' constraints.txt > .venv-numpy2/constraints.txt
	$(PIP2) --upgrade 'pip>=25.1'
	$(PIP2) -c .venv-numpy2/constraints.txt 'numpy>=2' -e '.[parquet]' --group test
	touch $@

.venv-docs/ready: pyproject.toml constraints.txt
	test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	$(PIPDOCS) --upgrade 'pip>=25.1'
	$(PIPDOCS) -c constraints.txt -e . --group docs
	touch $@

# Programs to measure beside regplug. Selene asks for an old torch and to be compiled with old tools; it runs with this torch.
.venv-bench/ready: pyproject.toml constraints.txt
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	grep -v '^setuptools==' constraints.txt > .venv-bench/constraints.txt
	$(PIPBENCH) --upgrade 'pip>=25.1'
	$(PIPBENCH) -c .venv-bench/constraints.txt -e '.[keras,parquet,server,torch,triton]' --group test --group bench
	$(PIPBENCH) -c .venv-bench/constraints.txt --no-deps --group parity
	$(PIPBENCH) --no-deps --no-build-isolation pytabix selene-sdk
	touch $@

# Programs that run regplug or read what it wrote, in an environment of their own: for tests of integrations/.
# polars-bio asks for an older pyarrow.
.venv-pipelines/ready: pyproject.toml constraints.txt
	test -x .venv-pipelines/bin/python || $(PYTHON) -m venv .venv-pipelines
	grep -v '^pyarrow==' constraints.txt > .venv-pipelines/constraints.txt
	$(PIPPIPELINES) --upgrade 'pip>=25.1'
	$(PIPPIPELINES) -c .venv-pipelines/constraints.txt --group pipelines
	touch $@

# As root: install what is missing. Else: name it. LEAN without what they recommend, as picard-tools does R and compilers.
debian:
	@lacking() { for p in "$$@"; do command -v $${p%%:*} > /dev/null || echo $${p##*:}; done; }; \
	missing=$$(lacking $(DEBIAN)); lean=$$(lacking $(LEAN)); \
	if [ -z "$$missing$$lean" ]; then exit 0; \
	elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && export DEBIAN_FRONTEND=noninteractive \
		&& apt-get install -y -qq $$missing && apt-get install -y -qq --no-install-recommends $$lean; \
	else echo "make test needs $$missing $$lean: install them (Debian: apt-get install)" >&2; exit 1; fi

clean:
	rm -rf .venv .venv-bench .venv-docs .venv-numpy2 .venv-pipelines .coverage out build dist site docs/api .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# Every target sets up what it needs: Python >= 3.10 with pip is enough. `make` alone lists them.
PYTHON ?= python3
BIN    := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY     := $(BIN)/python
NBVAL  := --nbval-lax --nbval-current-env --nbval-cell-timeout=600

export HF_HUB_OFFLINE := 1
export PYTHONUTF8 := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: help setup book test notebooks chapter bases serve bench clean
help:      ## list these targets
	@sed -n 's/^\([a-z]*\): *[a-z ]*## /  make \1\t/p' Makefile | expand -t 18

setup:
	@$(PYTHON) tools/setup.py

book: setup  ## render the book to _build/html/index.html; edited chapters are executed (all: RUN=all)
	@$(PY) tools/book.py $(RUN)

test: setup  ## ruff, unit tests, every notebook again, the book, its pages in a browser
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m pytest -n 2 --dist loadfile tests --ignore tests/browser
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadfile $(NBVAL) notebooks
	$(PY) tools/book.py
	$(PY) -m pytest -n 2 --dist loadgroup tests/browser

notebooks: setup  ## execute the notebooks in place, ready to commit (one: make notebooks ONLY=05)
	@$(PY) tools/chapters.py $(ONLY)

chapter: setup  ## begin a chapter: make chapter NAME=10_little_data
	@$(PY) tools/skeleton.py $(NAME)

bases: setup  ## pretrain the lab's own models again, from nothing
	$(PY) -m prefix_lab.bases.pretrain

serve: book  ## the book at http://127.0.0.1:8000
	$(PY) -m http.server --bind 127.0.0.1 --directory _build/html 8000

bench: setup  ## measure against PEFT and the bare model, side by side
	$(PY) benchmarks/bench.py

clean:     ## remove everything that was built; .venv stays
	rm -rf _build build dist *.egg-info book/assets/vendor tests/browser/vendor

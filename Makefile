# MedChain's commands. `make demo` does the main job, `make test` passes every
# test there is; both install and build what is missing first.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/medchain
# Outside the checkout, so that a fresh clone reuses what is compiled already.
export CARGO_TARGET_DIR ?= $(CACHE)/target
export MEDCHAIN_CONTRACTS_DIR ?= $(CACHE)/contracts/ink
export MEDCHAIN_BIN_DIR := $(CARGO_TARGET_DIR)/debug
# Pinned to the lock file: what was tested is what is built.
CARGO := cargo --locked
# Cargo hides its progress bar where there is no terminal.
export CARGO_TERM_COLOR ?= auto

.PHONY: help
help: ## Show this list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## Install what building needs and is missing (Debian packages, the WASM target).
	@scripts/setup.sh

.PHONY: contracts
contracts: setup ## Build the policy contracts and their .contract bundles.
	@CARGO_TARGET_DIR=$(CACHE)/contracts scripts/build-contracts.sh

.PHONY: build
build: setup contracts ## Build the node, the worker and the command line.
	@scripts/build.sh

.PHONY: portal
portal: setup contracts ## Build the web page, and the program that serves it.
	@scripts/setup.sh portal && scripts/build-portal.sh

.PHONY: demo
demo: build $(if $(PORTAL),portal) ## Do the main job on a dev chain. XRAY=path: your image, KEEP=1: leave it running, PORTAL=1: with the web page, STORY=consent or verdict: stories.
	@"$(MEDCHAIN_BIN_DIR)/medchain" demo $(if $(STORY),--story "$(STORY)") \
		--contract "$(MEDCHAIN_CONTRACTS_DIR)/access-control.contract" \
		--model-dir models/shipped \
		$(if $(XRAY),--xray "$(XRAY)") $(if $(KEEP),--keep) $(if $(PORTAL),--portal) \
		--summary demo-summary.json

.PHONY: test
test: build ## Pass every test, the end-to-end ones included.
	@scripts/test.sh

.PHONY: test-arm
test-arm: ## Pass the network's tests on 64-bit ARM, under emulation on other machines.
	@scripts/setup.sh arm && scripts/test-arm.sh

.PHONY: portal-test
portal-test: build portal ## Pass all stories of the web page in a browser (a quarter of an hour; make test tells the short ones). SCREENS=folder: for the screenshots.
	@scripts/setup.sh portal browser && scripts/test-portal.sh --all --screens "$(or $(SCREENS),$(CACHE)/portal-screens)"

.PHONY: testnet
testnet: build ## Spawn a relay chain, two collators and three workers. NETWORK=omni takes the stock node.
	@scripts/testnet.sh "zombienet/medchain-$(or $(NETWORK),local).toml"

.PHONY: testnet-test
testnet-test: build ## Try the parachain on a relay chain: upgrade, dispute, crashes, sync (an hour).
	@scripts/testnet-test.sh

.PHONY: bench
bench: build ## Measure speed, proof sizes and what fits in a block, as ratios.
	@scripts/bench.sh

.PHONY: bench-chain
bench-chain: build ## Measure what fits into a block, by weights and on the testnet.
	@scripts/bench-chain.sh

.PHONY: fuzz
fuzz: setup ## Try a million broken films, on all cores. CASES=N: another number.
	@# Eight properties, each of which takes an eighth of them.
	PROPTEST_CASES=$$(( ($(or $(CASES),1000000) + 7) / 8 )) cargo test --locked --release -p medchain-vision --test fuzz

.PHONY: train
train: ## Train the network again (needs the research images; see models/README.md).
	@models/run.sh train

.PHONY: evaluate
evaluate: ## Print the tables of the model card.
	@models/run.sh evaluate

.PHONY: weights
weights: setup ## Measure the weights of the pallets' calls again.
	@scripts/benchmark-weights.sh

.PHONY: metadata
metadata: setup ## Write the runtime's metadata to client/metadata/ again, and its digest.
	@MEDCHAIN_UPDATE_METADATA=1 $(CARGO) test --workspace --test metadata

.PHONY: lint
lint: setup ## Check format, lints, documentation, spelling, dependencies and generated files.
	@scripts/lint.sh

.PHONY: audit
audit: setup ## Check licences, sources and double versions of all dependencies.
	@scripts/audit.sh

.PHONY: release
release: setup contracts ## Make optimised programs, the production runtime and Debian packages, in dist/.
	@scripts/release.sh

.PHONY: fmt
fmt: setup ## Format the Rust code and the TOML files.
	@scripts/format.sh

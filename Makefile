# Vezne's commands. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export GOTOOLCHAIN := local
GO ?= go
BIN := bin

.PHONY: help
help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z\/-]*:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Start sandbox, service, demo shop and dashboard on this machine
	$(GO) run ./cmd/vezne dev

.PHONY: build
build: ## Build the static binary into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(BIN)/vezne ./cmd/vezne

.PHONY: test
test: setup ## Run every test: unit, both databases, real browser, the binary as a person drives it
	$(GO) vet ./...
	$(GO) test -timeout 14m ./...

.PHONY: test/race
test/race: setup ## The same with the race detector
	$(GO) test -race -timeout 40m ./...

.PHONY: setup
setup: ## Install what the tests need and this machine lacks (Debian and npm packages)
	@tools/setup.sh

.PHONY: lint
lint: ## Format, vet, linters, generated files fresh
	@tools/lint.sh

.PHONY: generate
generate: ## Write every generated file anew
	@tools/generate.sh

.PHONY: verify
verify: ## Fail when a generated file is not fresh
	@tools/generate.sh -check

.PHONY: bench
bench: ## Measure the way in beside a handler by hand and a River job (GROW=n events before), then the hot paths
	$(GO) test -count=1 -timeout 0 -v -run '^TestSideBySide$$' ./proof/bench -args -measure -duration=$(or $(DURATION),5s) -orders=$(or $(ORDERS),400) -grow=$(or $(GROW),100000)
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-sandbox
bench-sandbox: ## Measure the sandbox beside stripe-mock and print a Markdown table
	cd tools/benchsandbox && $(GO) run .

.PHONY: explore
explore: ## Explore the rules' interleavings with wide bounds; it takes long
	VEZNE_EXPLORE=long $(GO) test -count=1 -timeout 120m -v ./proof/explore

.PHONY: lives
lives: ## Live random two years of billing in the sandbox: LIVES=5000 SEED=n
	$(GO) test -count=1 -timeout 0 -v -run '^TestRandomLivesUnderClocks$$' ./sandbox -rapid.checks=$(or $(LIVES),5000) -rapid.seed=$(or $(SEED),0)

.PHONY: sim
sim: ## Live customer-days with everything going wrong: SEED=n DAYS=3000, or SEED=n KEEP=3,17
	$(GO) test -count=1 -timeout 0 -v -run '^TestSimulation$$' ./proof/simulate -args -seed=$(or $(SEED),0) -days=$(or $(DAYS),3000) -keep=$(KEEP)

.PHONY: sim-ledger
sim-ledger: ## Live DAYS customer-days (default a million) and write them down; goes on where it stopped
	$(GO) test -count=1 -timeout 0 -v -run '^TestLedger$$' ./proof/simulate -args -ledger -days=$(or $(DAYS),1000000)

.PHONY: sim-sum
sim-sum: ## Add the ledger up and write the sum into docs/reference/simulation.md
	$(GO) test -count=1 -v -run '^TestThePageGivesTheSumOfTheLedger$$' ./proof/simulate -args -update

.PHONY: crash
crash: ## Kill real processes and take away what they stand on: KIND=kill-sqlite SEED=n CYCLES=25, of each kind if empty
	$(GO) test -count=1 -timeout 0 -v -run '^TestNothingIsLostAndNothingDoubled$$' ./proof/processes -args -kind=$(KIND) -seed=$(or $(SEED),0) -cycles=$(or $(CYCLES),0)

.PHONY: crash-ledger
crash-ledger: ## The same for CYCLES cycles (default 10,000), written down; goes on where it stopped
	$(GO) test -count=1 -timeout 0 -v -run '^TestLedger$$' ./proof/processes -args -ledger -kind=$(KIND) -cycles=$(or $(CYCLES),10000)

.PHONY: crash-sum
crash-sum: ## Add that ledger up and write the sum into docs/reference/crashes.md
	$(GO) test -count=1 -v -run '^TestThePageGivesTheSumOfTheLedger$$' ./proof/processes -args -update

.PHONY: faults
faults: ## Plant every fault of proof/faults and show that the simulation finds it; it takes long
	VEZNE_FAULTS=all $(GO) test -count=1 -timeout 0 -v ./proof/faults

.PHONY: fuzz
fuzz: ## Fuzz every target for FUZZTIME (default 30s) each
	@tools/fuzz.sh $(or $(FUZZTIME),30s)

.PHONY: screenshots
screenshots: build setup ## Look at every page: write pictures to proof/browser/out
	cd proof/browser && node screenshots.mjs

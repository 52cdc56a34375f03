"""The figures of docs/benchmarks.md: `make bench` starts the real thing, measures it beside plainer ways, and writes them down."""

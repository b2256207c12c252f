# `just` lists these; each is a plain cargo command that works without just.

# The main job on the reference network.
run *args:
    cargo run --release --locked -- run configs/quickstart.toml {{args}}

# Every test.
test:
    cargo test --workspace --locked

# What CI runs.
ci:
    .ci/run

# Fuzzes one target, or all, for so many seconds each.
fuzz seconds="60" *targets:
    .ci/fuzz {{seconds}} {{targets}}

# Fuzzes all targets for an hour each, two at a time, with the readers of dependencies instrumented too.
fuzz-all seconds="3600":
    COVER=all JOBS=2 nice -n 19 .ci/fuzz {{seconds}}

# Lints and format as CI has them.
lint:
    .ci/lint

# Criterion benches of every stage.
bench *args:
    cargo bench --locked -p slashfall-benches --bench stages {{args}}

# What a treasury asks of a million paths.
bench-caps *args:
    cargo bench --locked -p slashfall-benches --bench caps {{args}}

# Instructions of each stage under valgrind.
instructions:
    cargo bench --locked -p slashfall-benches --bench instructions

# The engine beside public packages; writes the table of docs/performance.md.
peers *args:
    python3 benches/peers/peers.py {{args}}

# Two workers of Dask beside two threads; needs the package and Dask on the path of Python.
bench-workers *args:
    python3 benches/workers.py {{args}}

# The queries of docs/queries.md on a fresh result.
queries:
    cargo test --workspace --locked --test outside queries

# API documentation.
doc:
    cargo doc --workspace --no-deps --locked --open

# The site of docs/, with its notebooks run, into target/site.
site:
    cargo test --workspace --locked --test outside site -- --nocapture

# Each harm of the tests of faults N times: kills, full disks, closed folders, clocks; counts into target/soak.jsonl.
soak n="200":
    SLASHFALL_SOAK={{n}} SLASHFALL_COUNTS=$PWD/target/soak.jsonl cargo test --workspace --locked --test outside faults -- --test-threads 1

# Known vulnerabilities of dependencies, by the newest database.
advisories:
    SLASHFALL_ADVISORIES=required .ci/advisories

# Program, wheel, bills of materials and digests of the last commit, built twice, into target/dist.
release:
    .ci/release

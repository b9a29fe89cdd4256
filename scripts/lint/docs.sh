#!/usr/bin/env bash
# Fails on broken links in the documentation of our libraries.
#
# `cargo doc` would compile polkadot-sdk once more, in check mode. Documentation
# tests use what is built already, so rustdoc is called through them: cargo takes
# rustdoc.sh for rustdoc. `make test` does the same while it runs the tests.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
MEDCHAIN_DOC_TESTS=skip RUSTDOC=$here/rustdoc.sh cargo test --locked --workspace --doc --quiet

#!/usr/bin/env bash
# The adapters to Node with real packages from npm: installs these beside this script, and runs the tests.
#
# Databases come from the system (Debian: redis-server, postgresql, mariadb-server). Where one is missing its tests are
# skipped with a line that says so; with CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")"

npm ci --no-audit --no-fund
cd ../..
exec deno test --allow-all --unstable-net --preload tests/_libraries.ts tests/npm/[!_]*.ts

# The databases that the tests speak to. To be sourced (by .ci/run, or by hand in bash):
#
#   source .ci/services.sh
#   start_mariadb && start_ferretdb    # set and export GLUE_TEST_MYSQL_URL and GLUE_TEST_MONGODB_URL
#   find_server_programs               # set and export GLUE_TEST_MARIADBD, GLUE_TEST_GALERA and GLUE_TEST_HAPROXY
#   npm test
#   stop_services
#
# Each server is an ordinary process on a free loopback port with a data folder of its own; stop_services ends the
# one and removes the other. Where a URL is set already, that server is used and none is started.
# shellcheck shell=bash

FERRETDB_VERSION=v1.24.2 # speaks MongoDB's protocol, stores in SQLite; later releases need PostgreSQL
SERVICE_PIDS=()
SERVICE_FOLDERS=()
SERVICE_VARIABLES=()

# Starts MariaDB and exports GLUE_TEST_MYSQL_URL. It names no database: each suite makes its own.
start_mariadb() {
  if [ -n "${GLUE_TEST_MYSQL_URL:-}" ]; then
    echo 'MariaDB: GLUE_TEST_MYSQL_URL is set; that server is used'
    return 0
  fi
  local server folder port as_user=()
  server=$(PATH="$PATH:/usr/sbin" command -v mariadbd) || {
    echo 'MariaDB: mariadbd is missing (Debian: apt-get install mariadb-server)' >&2
    return 1
  }
  folder=$(mktemp -d "${TMPDIR:-/tmp}/glue-mariadb.XXXXXX") && port=$(free_port) || return 1
  SERVICE_FOLDERS+=("$folder")
  if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
    chown mysql: "$folder" || return 1
    as_user=(--user=mysql)
  fi
  # A server that starts removes what looks like temporary tables: not those of another in /tmp.
  mkdir "$folder/tmp" && chmod 1777 "$folder/tmp" || return 1
  TMPDIR="$folder/tmp" mariadb-install-db --no-defaults "${as_user[@]}" --datadir="$folder/data" --auth-root-authentication-method=normal \
    --skip-test-db </dev/null >"$folder/install.log" 2>&1 || service_failed MariaDB "$folder/install.log" || return 1
  TMPDIR="$folder/tmp" "$server" --no-defaults "${as_user[@]}" --datadir="$folder/data" --bind-address=127.0.0.1 --port="$port" \
    --socket="$folder/mariadb.sock" --pid-file="$folder/mariadb.pid" </dev/null >"$folder/server.log" 2>&1 &
  SERVICE_PIDS+=($!)
  wait_for_service $! mariadb-admin --no-defaults --protocol=tcp --host=127.0.0.1 --port="$port" --user=root ping ||
    service_failed MariaDB "$folder/server.log" || return 1
  export GLUE_TEST_MYSQL_URL="mysql://root@127.0.0.1:$port/"
  SERVICE_VARIABLES+=(GLUE_TEST_MYSQL_URL)
  echo "MariaDB: $GLUE_TEST_MYSQL_URL"
}

# Starts FerretDB, which it builds on first use, and exports GLUE_TEST_MONGODB_URL. Without Go there is no such server.
start_ferretdb() {
  if [ -n "${GLUE_TEST_MONGODB_URL:-}" ]; then
    echo 'MongoDB: GLUE_TEST_MONGODB_URL is set; that server is used'
    return 0
  fi
  local binary folder port
  binary="${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/glue-ci/ferretdb-$FERRETDB_VERSION"
  if [ ! -x "$binary" ]; then
    if ! command -v go >/dev/null; then
      echo 'MongoDB: no server; Go, which builds FerretDB, is missing, and GLUE_TEST_MONGODB_URL is not set'
      return 0
    fi
    build_ferretdb "$binary" || return 1
  fi
  folder=$(mktemp -d "${TMPDIR:-/tmp}/glue-ferretdb.XXXXXX") && port=$(free_port) || return 1
  SERVICE_FOLDERS+=("$folder")
  mkdir "$folder/data" || return 1
  "$binary" --handler=sqlite --sqlite-url="file:$folder/data/" --state-dir="$folder" --listen-addr="127.0.0.1:$port" \
    --debug-addr=- --telemetry=disable --log-level=warn </dev/null >"$folder/server.log" 2>&1 &
  SERVICE_PIDS+=($!)
  wait_for_service $! port_answers "$port" || service_failed FerretDB "$folder/server.log" || return 1
  export GLUE_TEST_MONGODB_URL="mongodb://127.0.0.1:$port/"
  SERVICE_VARIABLES+=(GLUE_TEST_MONGODB_URL)
  echo "MongoDB: FerretDB $FERRETDB_VERSION at $GLUE_TEST_MONGODB_URL"
}

# Exports which server programs are here for the tests that start, kill and restart servers of their own. A test whose
# program is missing is skipped and says so.
find_server_programs() {
  export_program GLUE_TEST_MARIADBD "$(PATH="$PATH:/usr/sbin" command -v mariadbd)"
  export_program GLUE_TEST_GALERA "$(find /usr/lib*/galera* /usr/lib/*/galera* -name libgalera_smm.so 2>/dev/null | head -n 1)"
  export_program GLUE_TEST_HAPROXY "$(PATH="$PATH:/usr/sbin" command -v haproxy)"
}

# export_program VARIABLE PATH: keeps what is set already.
export_program() {
  [ -n "${!1:-}" ] || { [ -n "$2" ] && export "$1=$2"; } || { echo "$1: not found" && return 0; }
  echo "$1: ${!1}"
}

# Stops what was started above, removes its data and unsets its URLs.
stop_services() {
  local pid i
  for pid in "${SERVICE_PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${SERVICE_PIDS[@]}"; do
    for ((i = 0; i < 100; i++)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  [ ${#SERVICE_FOLDERS[@]} = 0 ] || rm -rf "${SERVICE_FOLDERS[@]}"
  [ ${#SERVICE_VARIABLES[@]} = 0 ] || unset "${SERVICE_VARIABLES[@]}"
  SERVICE_PIDS=() SERVICE_FOLDERS=() SERVICE_VARIABLES=()
}

# build_ferretdb FILE. `go install` would ask the module proxy for a list of versions, hence the detour.
build_ferretdb() {
  local work module
  echo "MongoDB: building FerretDB $FERRETDB_VERSION, once per machine, into $1"
  work=$(mktemp -d "${TMPDIR:-/tmp}/glue-ferretdb-build.XXXXXX") || return 1
  module="$(go env GOMODCACHE)/github.com/!ferret!d!b/!ferret!d!b@$FERRETDB_VERSION"
  (
    cd "$work" &&
      go mod download "github.com/FerretDB/FerretDB@$FERRETDB_VERSION" &&
      cp -R "$module" source && chmod -R u+w source && cd source &&
      echo "$FERRETDB_VERSION" >build/version/version.txt &&
      CGO_ENABLED=0 go build -buildvcs=false -tags ferretdb_sqlite -o "$work/ferretdb" ./cmd/ferretdb &&
      mkdir -p "$(dirname "$1")" && cp "$work/ferretdb" "$1.$$" && mv "$1.$$" "$1"
  ) </dev/null >"$work/build.log" 2>&1 || service_failed 'the build of FerretDB' "$work/build.log" || {
    rm -rf "$work"
    return 1
  }
  rm -rf "$work"
}

# wait_for_service PID COMMAND…: until the command succeeds; fails after a minute, or when the process has ended.
wait_for_service() {
  local pid=$1 i
  shift
  for ((i = 0; i < 300; i++)); do
    kill -0 "$pid" 2>/dev/null || return 1
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  return 1
}

# service_failed NAME LOG: says so, with the end of its log, and fails.
service_failed() {
  echo "$1 failed:" >&2
  tail -n 30 "$2" >&2
  return 1
}

# A port below the range that the system hands out by itself.
free_port() {
  local port i
  for ((i = 0; i < 100; i++)); do
    port=$((20000 + RANDOM % 12000))
    if ! port_answers "$port"; then
      echo "$port"
      return 0
    fi
  done
  echo 'no free port found between 20000 and 32000' >&2
  return 1
}

port_answers() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# What the scripts here share. Sourced by them.

export CARGO_TERM_COLOR=never

# Longest time for one step.
STEP_LIMIT=20m

# Prints a command, and runs it.
step() {
    printf '\n== [%4d s] %s\n' "$SECONDS" "$*"
    timeout "$STEP_LIMIT" "$@"
}

# What goes before a command that needs root.
AS_ROOT=()
[ "$(id -u)" = 0 ] || AS_ROOT=(sudo)

# Prints, of pairs COMMAND=PACKAGES, the packages whose command is not there.
missing_packages() {
    local pair
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || printf '%s\n' "${pair#*=}"
    done
}

# Installs these Debian packages.
install_debian() {
    step "${AS_ROOT[@]}" apt-get update
    step "${AS_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}

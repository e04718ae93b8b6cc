# Which machines parlor is built for, and with which tools: the only place that knows compilers, linkers and headers, so that
# tests and releases are built alike. Sourced after steps.bash.
#
#     prepare_target riscv64 && cargo build --locked --release --bins --target "$TARGET"
#
# A plain `cargo build` needs none of this.

# Machines that there are releases for.
# shellcheck disable=SC2034  # for scripts that source this
MACHINES=(x86_64 aarch64 armv7 i686 riscv64)

# Of each machine: the target with musl, one with glibc that tests use where rustup does not offer the first, the C compiler for
# both, the names of the machine for Debian and for qemu, and Debian packages with the compiler.
TOOLCHAINS="
x86_64  x86_64-unknown-linux-musl      x86_64-unknown-linux-gnu      x86_64-linux-gnu-gcc      amd64   x86_64  gcc-x86-64-linux-gnu
aarch64 aarch64-unknown-linux-musl     aarch64-unknown-linux-gnu     aarch64-linux-gnu-gcc     arm64   aarch64 gcc-aarch64-linux-gnu,libc6-dev-arm64-cross
armv7   armv7-unknown-linux-musleabihf armv7-unknown-linux-gnueabihf arm-linux-gnueabihf-gcc   armhf   arm     gcc-arm-linux-gnueabihf,libc6-dev-armhf-cross
i686    i686-unknown-linux-musl        i686-unknown-linux-gnu        i686-linux-gnu-gcc        i386    i386    gcc-i686-linux-gnu,libc6-dev-i386-cross
riscv64 riscv64gc-unknown-linux-musl   riscv64gc-unknown-linux-gnu   riscv64-linux-gnu-gcc     riscv64 riscv64 gcc-riscv64-linux-gnu,libc6-dev-riscv64-cross
"

# Debian's suite that the headers of musl are from: the oldest that has them for every machine.
MUSL_SUITE=trixie

# Installs what cargo needs for a machine where it is missing, and tells cargo about it. Call it in the shell that runs cargo.
# Sets:
#   TARGET     what cargo calls the machine
#   IS_STATIC  whether programs for it are static: 1 with musl, 0 for a target that stands in for it
#   EMULATOR   the command that runs such programs on another machine, an array
#   WHY        why it failed, or why another target stands in; otherwise empty
prepare_target() {
    local machine=$1 name musl gnu compiler debian qemu packages
    TARGET="" IS_STATIC=0 EMULATOR=() WHY=""
    while read -r name musl gnu compiler debian qemu packages; do
        [ "$name" = "$machine" ] && break
    done <<<"$TOOLCHAINS"
    [ -n "$name" ] || { WHY="$machine: no such machine among ${MACHINES[*]}"; return 1; }
    # shellcheck disable=SC2086  # a list of words
    command -v "$compiler" >/dev/null || install_debian ${packages//,/ } >&2 || true
    command -v "$compiler" >/dev/null || { WHY="$machine: there is no $compiler"; return 1; }
    EMULATOR=("qemu-$qemu-static" -L "/usr/${compiler%-gcc}")
    if prepare_musl "$musl" "$compiler" "$debian"; then
        TARGET=$musl IS_STATIC=1
    elif rustup target add "$gnu" >/dev/null 2>&1; then
        TARGET=$gnu WHY+=", so $gnu stands in for it"
        set_for_target "$gnu" CC "$compiler"
        set_for_cargo "$gnu" LINKER "$compiler"
    else
        return 1
    fi
}

# Prepares a target with musl, whose programs are static. Rust brings its C library along, but not the headers, which C code
# such as SQLite needs: with those of the compiler it would be for another library.
prepare_musl() {
    local target=$1 compiler=$2 debian=$3 headers
    rustup target add "$target" >/dev/null 2>&1 || { WHY="$target: rustup offers no standard library"; return 1; }
    headers=$(musl_headers "$debian") || { WHY="$target: apt has no headers of musl"; return 1; }
    set_for_target "$target" CC "$compiler"
    set_for_target "$target" CFLAGS "-nostdinc -isystem $headers -isystem $("$compiler" -print-file-name=include)"
    set_for_cargo "$target" LINKER rust-lld
    # Not the default for riscv64gc.
    set_for_cargo "$target" RUSTFLAGS "-C target-feature=+crt-static"
}

# Sets a variable of the `cc` package for a target.
set_for_target() {
    export "$2_${1//-/_}=$3"
}

# Sets a variable of cargo for a target.
set_for_cargo() {
    local target=${1//-/_}
    export "CARGO_TARGET_${target^^}_$2=$3"
}

# Prints the directory of musl's headers for a machine, as Debian calls it.
musl_headers() {
    local debian=$1 directory
    directory=$(realpath -m "${CARGO_TARGET_DIR:-target}")/musl-$MUSL_SUITE
    [ -d "$directory/$debian" ] || download_musl "$debian" "$directory" >&2 || return 1
    echo "$directory/$debian/usr/include/"*-linux-musl*
}

# Unpacks Debian's package of musl for a machine. Nothing is installed, and apt keeps its own lists.
download_musl() {
    local debian=$1 directory=$2 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    local options=(
        -o "Dir::State::lists=$directory/lists" -o "Dir::Cache=$directory/cache"
        -o "Dir::Etc::sourcelist=$directory/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "APT::Architecture=$debian" -o "APT::Architectures=$debian" -o Acquire::Languages=none
    )
    [ -e "$keyring" ] || install_debian debian-archive-keyring
    mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial" || return 1
    echo "deb [signed-by=$keyring] http://deb.debian.org/debian $MUSL_SUITE main" >"$directory/sources.list"
    apt-get "${options[@]}" update &&
        (cd "$directory" && apt-get "${options[@]}" download musl-dev && dpkg-deb -x musl-dev_*_"$debian".deb "new-$debian") &&
        mv "$directory/new-$debian" "$directory/$debian" && rm -r "$directory/lists" "$directory/cache"
}

# Fails if a program needs a library or an interpreter of the system, and prints which.
is_static() {
    ! readelf --wide --dynamic --program-headers "$1" | grep -E "\(NEEDED\)| INTERP "
}

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds one program of a crate, offline, inside the Debian root with Rust (rules/private/crate).
#
#   build.sh LABEL PROGRAM FEATURES     FEATURES: with commas between them, or nothing
#
# /sources.tar is what fetch.py wrote. /base.tar.zst, where it is there, is the target directory of
# another crate's build: cargo takes from it what is the same. Written are /out/binary and /out/built.
# The same inputs give the same bytes: all paths are fixed, and no time gets in.
set -euo pipefail

label=$1 program=$2 features=$3
readonly target=x86_64-unknown-linux-gnu

tar -xf /sources.tar -C /build

if ! grep -qxF -- "$program" /build/programs; then
  echo "$label: program: the crate has no program $program; it has: $(paste -sd' ' /build/programs)" >&2
  exit 1
fi

mkdir /build/target /build/cargo
if [[ -f /base.tar.zst ]]; then
  tar -I zstd -xf /base.tar.zst -C /build/target
fi

# Debian's libelf.a lacks an object of its own.
gcc -O2 -c /elf_search_tree.c -o /build/elf_search_tree.o

# Build scripts link libelf, too, and take no rustflags of the target: what it wants comes last.
mkdir /build/bin
cat >/build/bin/cc <<'END'
#!/bin/bash
for word in "$@"; do
  case $word in -c | -E | -S) exec gcc "$@" ;; esac
done
exec gcc "$@" /build/elf_search_tree.o -lelf -lz -lzstd
END
chmod +x /build/bin/cc
export PATH=/build/bin:$PATH

cat >/build/cargo/config.toml <<END
[source.crates-io]
replace-with = "vendored"

[source.vendored]
directory = "/build/vendor"

[net]
offline = true

# The guest has no libraries: the scheduler brings its own. The root's layout leaves out the .so files
# of libelf and what it wants, which the linker would take first.
[target.$target]
rustflags = [
  "-Ctarget-feature=+crt-static",
  "-Clink-arg=-Wl,--build-id=none",
  "--remap-path-prefix=/build/=",
]

[profile.release]
debug = false
incremental = false
strip = true
END

# What makes skeletons and macros: scx_utils, scx_stats and zbus have it among their libraries, and no
# scheduler runs it. Optimised, it is an eighth of what rustc does for scx_lavd.
for crate in bindgen cargo_metadata libbpf-cargo prettyplease proc-macro2 quote syn; do
  printf '\n[profile.release.package.%s]\nopt-level = 0\n' "$crate"
done >>/build/cargo/config.toml

export CARGO_HOME=/build/cargo
export CARGO_TERM_COLOR=never
export BPF_CLANG=clang
export LIBCLANG_PATH=/usr/lib/llvm-22/lib
export SOURCE_DATE_EPOCH=1

cd /build/crate
cargo build --release --locked --target="$target" --target-dir=/build/target \
  --bin="$program" ${features:+--features="$features"} 2>/build/said || {
  status=$?
  cat /build/said >&2
  echo "$label: cargo does not build $program (exit status $status); its last words are above" >&2
  exit 1
}

cp "/build/target/$target/release/$program" /out/binary

# What others can use: all but this crate's own. Times would only tell one build from another.
rm -rf "/build/target/$target/release/$program" /build/target/$target/release/*.d
tar -C /build/target --sort=name --mtime=@2 --owner=0 --group=0 --numeric-owner -cf - . |
  zstd -q -3 -T2 -o /out/built

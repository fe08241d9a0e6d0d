#!/bin/sh
# Runs the bundle of pack.mjs on a machine with a card. Needs no network, no root, and nothing but glibc, libstdc++, tar and, for the
# comparison, a python3 with PyTorch.
#
#   sh benchmarks/gpu/run.sh out/gpu/bundle.tar.xz --out RESULTS [--size 352] [--total 540] [--quick] [--python python3]
#
# INFNET_ADAPTER (default: gpu) takes another adapter, for a rehearsal. INFNET_GPU_WORK names the folder to unpack into
# (default: a new one in /tmp, removed at the end). INFNET_OWN_LOADER=1 takes the bundle's Vulkan loader even where there is one.
set -u

say() { printf '%s\n' "run.sh: $*" >&2; }

[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
bundle=$1
shift
[ -f "$bundle" ] || { say "there is no $bundle; make it with: node benchmarks/gpu/pack.mjs"; exit 2; }

started=$(date +%s)
if [ -n "${INFNET_GPU_WORK:-}" ]; then
  work=$INFNET_GPU_WORK
  mkdir -p "$work" || exit 2
else
  work=$(mktemp -d "${TMPDIR:-/tmp}/infnet-gpu.XXXXXX") || exit 2
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
fi

# The archive is several streams, one behind the other: hence -i and ignore_zeros.
unpack() {
  if tar -xif "$bundle" -C "$work" 2>/dev/null; then return 0; fi
  say 'tar could not unpack it (no xz?), trying python3'
  python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1], ignore_zeros=True).extractall(sys.argv[2])' "$bundle" "$work"
}
unpack || { say "cannot unpack $bundle"; exit 2; }
say "unpacked into $work after $(($(date +%s) - started)) s"

hasLoader() {
  { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -q 'libvulkan\.so\.1'
}

if [ "${INFNET_OWN_LOADER:-0}" = 1 ] || ! hasLoader; then
  found=0
  for file in "$work"/loader/*.deb; do
    [ -f "$file" ] && dpkg -x "$file" "$work/loader/root" && found=1
  done
  if [ $found = 1 ]; then
    LD_LIBRARY_PATH="$work/loader/root/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    export LD_LIBRARY_PATH
    say "Vulkan loader: the bundle's"
  else
    say 'there is no Vulkan loader (libvulkan.so.1) here and none in the bundle: pack with --loader'
  fi
fi

# NVIDIA's driver is often mounted where no loader looks.
if [ -z "${VK_DRIVER_FILES:-}" ] && ! ls /usr/share/vulkan/icd.d/nvidia*.json /etc/vulkan/icd.d/nvidia*.json >/dev/null 2>&1; then
  for file in /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd*.json /usr/local/share/vulkan/icd.d/nvidia_icd*.json; do
    [ -f "$file" ] && { VK_DRIVER_FILES=$file; export VK_DRIVER_FILES; say "driver: $file"; break; }
  done
fi
XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}
export XDG_RUNTIME_DIR

"$work/bin/node" "$work/node_modules/@infnet/benchmarks/dist/card/run.js" --root "$work" --started "$started" "$@"

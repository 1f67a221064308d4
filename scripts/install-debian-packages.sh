#!/usr/bin/env bash
# What the suites test:browser and test:aggregators run against: Chromium, Prometheus, and Python's protobuf for reading
# event files of TensorBoard with another implementation than ours. Debian's packages; nothing is done where all are there.
set -euo pipefail

packages=(chromium prometheus python3-protobuf python3-crcmod)
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep --quiet 'ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  run=()
  [ "$(id -u)" -eq 0 ] || run=(sudo)
  "${run[@]}" apt-get update
  "${run[@]}" apt-get install --yes --no-install-recommends "${missing[@]}"
fi

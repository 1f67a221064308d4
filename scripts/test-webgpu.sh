#!/usr/bin/env bash
# Runs the suite that needs a WebGPU device: every layer on webgpu against cpu, trainings, and what becomes of the device.
# It computes on a software Vulkan driver, so that it needs no GPU and gives the same on every machine:
# Chromium's SwiftShader (Debian: apt-get install chromium libvulkan1) or Mesa's llvmpipe (mesa-vulkan-drivers libvulkan1).
# VK_DRIVER_FILES names another driver; TRAINSCOPE_WEBGPU_DEVICE=any takes what Vulkan finds, a GPU before all.
# Without a driver it says so and ends with 0. Arguments go to vitest.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
  echo "test:webgpu: skipped: $1" >&2
  exit 0
}

if [ "${TRAINSCOPE_WEBGPU_DEVICE:-}" != any ]; then
  driver="${VK_DRIVER_FILES:-${VK_ICD_FILENAMES:-}}"
  if [ -z "$driver" ]; then
    for file in /usr/lib/chromium/vk_swiftshader_icd.json /usr/lib/chromium-browser/vk_swiftshader_icd.json /opt/google/chrome/vk_swiftshader_icd.json \
      /usr/share/vulkan/icd.d/lvp_icd.json /usr/share/vulkan/icd.d/lvp_icd."$(uname -m)".json; do
      if [ -f "$file" ]; then driver="$file"; break; fi
    done
    [ -n "$driver" ] || skip 'no software Vulkan driver. Debian: apt-get install chromium libvulkan1'
    export TRAINSCOPE_SOFTWARE_DRIVER=1
  fi
  # The loader of Debian 12 knows both names, older ones the second alone.
  export VK_DRIVER_FILES="$driver" VK_ICD_FILENAMES="$driver"
fi
if [ "$(uname -s)" = Linux ]; then
  { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep 'libvulkan\.so\.1' >/dev/null || skip 'no Vulkan loader. Debian: apt-get install libvulkan1'
fi

# The packages of this suite alone: see the description in test/webgpu/package.json.
if [ ! -d test/webgpu/node_modules/webgpu ] || [ test/webgpu/package-lock.json -nt test/webgpu/node_modules/.package-lock.json ]; then
  npm ci --prefix test/webgpu --no-audit --no-fund
fi
npx --no-install vitest run --config vitest.webgpu.config.ts "$@"

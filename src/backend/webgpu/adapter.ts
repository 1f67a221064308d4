import { thrownText } from '../../thrown-text.js';
import { exported, loadingFailed, type LoadPackage } from '../load-package.js';
import type { AdapterInfo, Gpu, GpuAdapter, PowerPreference } from './gpu.js';

/** Which device the webgpu backend computes on. */
export interface WebgpuOptions {
  /** Where there are several: the fast one, or the one that saves power. 'high-performance' by default, as TensorFlow.js has it. */
  readonly powerPreference?: PowerPreference;
  /**
   * Part of the adapter's name, in any case: 'nvidia', 'RTX', 'swiftshader'. The first that matches is taken. Naming an
   * adapter is also how 'auto' is made to take one that computes on the CPU.
   */
  readonly adapter?: string;
  /**
   * Options of Dawn, as the package webgpu takes them: 'backend=vulkan', 'enable-dawn-features=dump_shaders'. They do
   * nothing where a navigator.gpu was set up before.
   */
  readonly dawn?: readonly string[];
}

export interface FoundAdapter {
  readonly gpu: Gpu;
  /** A device can be made of it once: later ones need `request` again. */
  readonly adapter: GpuAdapter;
  readonly request: () => Promise<GpuAdapter | null>;
  readonly name: string;
  /** Whether it computes on the CPU. */
  readonly software: boolean;
}

export type AdapterSearch = FoundAdapter | { readonly reason: string; readonly remedy?: string };

/** SwiftShader (Chromium's), llvmpipe and lavapipe (Mesa's), WARP (Microsoft's): the drivers that compute on the CPU. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

const everything = ({ vendor, architecture, device, description }: AdapterInfo): string => [vendor, architecture, device, description].filter((part) => part !== '').join(' ');

const none: AdapterInfo = { vendor: '', architecture: '', device: '', description: '' };

const includes = (name: string, part: string): boolean => name.toLowerCase().includes(part.toLowerCase());

function driverToInstall(): string {
  if (process.platform === 'linux') return 'Install a Vulkan driver and its loader: the maker\'s driver, or Mesa\'s (Debian: libvulkan1 and mesa-vulkan-drivers). `vulkaninfo --summary` shows what is there.';
  if (process.platform === 'win32') return 'Install a graphics driver with Direct3D 12.';
  return 'A graphics driver with Metal is part of macOS: a virtual machine may have none.';
}

interface Listed {
  readonly backend: string;
  readonly name: string;
}

/**
 * The adapters that Dawn sees. It has no call for that: asked for one whose name no adapter has, it throws an error that
 * lists them, as its README says.
 */
async function listAdapters(create: (options: readonly string[]) => Gpu, dawn: readonly string[]): Promise<readonly Listed[]> {
  try {
    await create([...dawn, 'adapter=?']).requestAdapter({ powerPreference: 'high-performance' });
    return [];
  } catch (error) {
    return [...thrownText(error).matchAll(/backend: '([^']*)', name: '(.*)'$/gm)].map(([, backend = '', name = '']) => ({ backend, name }));
  }
}

const quoted = (adapters: readonly Listed[]): string => adapters.map(({ backend, name }) => `"${name}" (${backend})`).join(', ');

/** navigator.gpu where there is one (the caller set it up, or the runtime has it), else Dawn from the package webgpu. */
async function openGpu(load: LoadPackage, { adapter, dawn = [] }: WebgpuOptions): Promise<{ readonly gpu: Gpu; readonly name?: string } | { readonly reason: string; readonly remedy?: string }> {
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: Gpu } };
  if (navigator?.gpu !== undefined) return { gpu: navigator.gpu };
  let create: unknown;
  try {
    create = exported(await load('webgpu'), 'create');
  } catch (error) {
    return { reason: loadingFailed('webgpu', error), remedy: 'npm install webgpu @tensorflow/tfjs-backend-webgpu' };
  }
  if (typeof create !== 'function') return { reason: 'the package webgpu exports no create()', remedy: 'Install webgpu 0.6.2 or later.' };
  const make = (options: readonly string[]): Gpu => (create as (options: readonly string[]) => Gpu)([...options]);
  if (adapter === undefined) return { gpu: make(dawn) };
  const listed = await listAdapters(make, dawn);
  const match = listed.find(({ name }) => includes(name, adapter));
  if (match !== undefined) return { gpu: make([...dawn.filter((option) => !option.startsWith('backend=')), `backend=${match.backend}`, `adapter=${match.name}`]), name: match.name };
  if (listed.length > 0) return { reason: `Dawn sees no adapter with "${adapter}" in its name; it sees ${quoted(listed)}` };
  return { reason: `Dawn sees no adapter at all, and so none with "${adapter}" in its name`, remedy: driverToInstall() };
}

/** Looks for the adapter asked for. The reason, where there is none, says what was looked for; the remedy, what to install. */
export async function findAdapter(load: LoadPackage, options: WebgpuOptions): Promise<AdapterSearch> {
  const { powerPreference = 'high-performance', adapter: wanted, dawn = [] } = options;
  try {
    const opened = await openGpu(load, options);
    if (!('gpu' in opened)) return opened;
    const request = (): Promise<GpuAdapter | null> => opened.gpu.requestAdapter({ powerPreference });
    const adapter = await request();
    if (adapter === null) {
      const asked = [`powerPreference ${powerPreference}`, ...dawn].join(', ');
      return { reason: `no WebGPU adapter was found (asked for: ${asked})`, remedy: driverToInstall() };
    }
    const info = adapter.info ?? none;
    const found = everything(info);
    const name = opened.name ?? (found === '' ? 'unnamed adapter' : found);
    if (wanted !== undefined && opened.name === undefined && !includes(found, wanted)) {
      return { reason: `navigator.gpu gives the adapter "${name}", which has no "${wanted}" in its name` };
    }
    const software = (info.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false) || softwareNames.test(`${name} ${found}`);
    return { gpu: opened.gpu, adapter, request, name, software };
  } catch (error) {
    return { reason: `no WebGPU adapter was found: ${thrownText(error).trim().replaceAll(/\s*\n\s*/g, '; ')}` };
  }
}

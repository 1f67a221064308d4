/**
 * The parts of the WebGPU standard that a backend is set up with (https://www.w3.org/TR/webgpu/), so that neither DOM
 * types nor a package of them is asked of anyone.
 */

export type PowerPreference = 'high-performance' | 'low-power';

export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Of newer revisions of the standard; older ones have it on the adapter, or nowhere. */
  readonly isFallbackAdapter?: boolean;
}

export interface GpuDevice {
  readonly lost?: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener?(type: 'uncapturederror', listener: (event: { readonly error?: { readonly message: string } }) => void): void;
  destroy(): void;
}

export interface GpuAdapter {
  readonly info?: AdapterInfo;
  readonly isFallbackAdapter?: boolean;
  readonly features: { has(name: string): boolean };
  readonly limits: Readonly<Record<string, unknown>>;
  requestDevice(description: { readonly requiredFeatures: readonly string[]; readonly requiredLimits: Readonly<Record<string, unknown>> }): Promise<GpuDevice>;
}

export interface Gpu {
  requestAdapter(options: { readonly powerPreference: PowerPreference }): Promise<GpuAdapter | null>;
}

/** What the rules want to know of a layer beside its numbers. */
export interface LayerFacts {
  readonly className: string;
  readonly activation: string | null;
  readonly isOutput: boolean;
}

export interface ModelFacts {
  readonly layers: ReadonlyMap<string, LayerFacts>;
  /** Whether training has a loss of its own: dropout, noise, batch statistics, penalties. Null when that is not known. */
  readonly regularised: boolean | null;
}

interface Layer {
  readonly name: string;
  getClassName(): string;
  getConfig(): Readonly<Record<string, unknown>>;
}
interface Layered {
  readonly layers: readonly Layer[];
  readonly outputs?: readonly { readonly sourceLayer?: { readonly name: string } }[];
  calculateLosses?(): readonly { dispose(): void }[];
}

const isLayered = (model: unknown): model is Layered => typeof model === 'object' && model !== null && Array.isArray((model as Partial<Layered>).layers) && 'outputs' in model;

/** Facts of a LayersModel; of a hand-written model none are known. */
export function factsOf(model: unknown): ModelFacts {
  if (!isLayered(model)) return { layers: new Map(), regularised: null };
  const outputs = new Set((model.outputs ?? []).map(({ sourceLayer }) => sourceLayer?.name));
  const regularised = model.layers.some((layer) => {
    const config = layer.getConfig();
    // What a nested model holds is not looked into: it may.
    return /Dropout|GaussianNoise|BatchNormalization/.test(layer.getClassName()) || Number(config['dropout'] ?? 0) > 0 || Number(config['recurrentDropout'] ?? 0) > 0 || 'layers' in config;
  });
  const layers = model.layers.map((layer): [string, LayerFacts] => {
    const className = layer.getClassName();
    const { activation } = layer.getConfig();
    return [layer.name, { className, activation: typeof activation === 'string' ? activation : null, isOutput: outputs.has(layer.name) }];
  });
  const penalties = model.calculateLosses?.() ?? [];
  for (const each of penalties) each.dispose();
  return { layers: new Map(layers), regularised: regularised || penalties.length > 0 };
}

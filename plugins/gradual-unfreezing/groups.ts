import { leaves, matches, type FreezableLayer, type Leaf } from './layers-of.js';

/** What is frozen and trained as one. */
export interface Part {
  /** Of a layer, or of a weight of a model written by hand. */
  readonly name: string;
  /** Names of its weights, statistics too. */
  readonly weights: readonly string[];
  /** Undefined for a model written by hand. */
  readonly leaf: Leaf | undefined;
}

export interface Grouping {
  /** The first is trained from the start, the last comes last. */
  readonly groups: readonly (readonly Part[])[];
  /** Whether parts are weights of a model written by hand. */
  readonly byHand: boolean;
}

const ofLeaf = (leaf: Leaf): Part => ({ name: leaf.layer.name, weights: leaf.layer.weights.map(({ name }) => name), leaf });

/** Layers that outputs of a LayersModel come from. */
const headsOf = (model: unknown): readonly unknown[] => {
  const { outputLayers } = model as { readonly outputLayers?: unknown };
  return Array.isArray(outputLayers) ? outputLayers : [];
};

/** A layer counts as frozen by the user where it, or a model that it is in, is. */
const isTrained = ({ layer, within }: Leaf): boolean => [layer, ...within].every(({ trainable }: FreezableLayer) => trainable) && layer.trainableWeights.length > 0;

/**
 * Which parts of a model go together.
 * @param patterns By group, from the output back; undefined: each layer that is trained is a group, the last first; those of several outputs are one.
 * @param trainable Names of the weights that are trained now.
 * @throws Error for a pattern that fits nothing, a part in two groups, and a model written by hand without patterns
 */
export function groupsOf(model: unknown, patterns: readonly (readonly string[])[] | undefined, trainable: readonly string[]): Grouping {
  const layers = leaves(model);
  const byHand = layers === undefined;
  if (patterns === undefined) {
    if (byHand) throw new Error("gradualUnfreezing: a model written by hand has no layers; name its weights by group, from the output back: groups: [['head/*'], ['body/*']].");
    // A model of several outputs has a head for each: all of them are trained from the start.
    const heads = new Set(headsOf(model));
    const trained = layers.filter(isTrained).toReversed();
    const first = trained.filter(({ layer }) => heads.has(layer));
    const others = trained.filter(({ layer }) => !heads.has(layer));
    return { groups: first.length > 1 ? [first.map(ofLeaf), ...others.map((leaf) => [ofLeaf(leaf)])] : trained.map((leaf) => [ofLeaf(leaf)]), byHand };
  }
  const parts = byHand ? trainable.map((name): Part => ({ name, weights: [name], leaf: undefined })) : layers.map(ofLeaf);
  const owner = new Map<Part, number>();
  const groups = patterns.map((group, place) => {
    const found = group.flatMap((pattern) => {
      const own = parts.filter(({ name, leaf }) => matches(pattern, name) || leaf?.within.some((outer) => matches(pattern, outer.name)) === true);
      if (own.length === 0) throw new Error(`gradualUnfreezing: no ${byHand ? 'weight' : 'layer with weights'} is named "${pattern}"; there are ${parts.map(({ name }) => name).join(', ')}.`);
      return own;
    });
    for (const part of found) {
      const other = owner.get(part);
      if (other !== undefined && other !== place) throw new Error(`gradualUnfreezing: "${part.name}" is in the groups ${String(other + 1)} and ${String(place + 1)}; leave it out of one of them.`);
      owner.set(part, place);
    }
    return [...new Set(found)];
  });
  return { groups, byHand };
}

import * as tf from '@tensorflow/tfjs-core';
import { definePlugin, real, type SteererContext } from 'trainscope/plugin';
import { z } from 'zod';
import { firstDifference } from './seed/compare-rehearsals.js';
import { DropoutSeeds } from './seed/dropout-seeds.js';
import { isLayersModel, reinitialize, SeededInitializers } from './seed/seeded-initializers.js';
import { SeededMathRandom } from './seed/seeded-math-random.js';

/** What TensorFlow reads when its library is loaded, to choose operations that give the same bits each time. */
const nativeSettings = { TF_DETERMINISTIC_OPS: '1', TF_CUDNN_DETERMINISTIC: '1' } as const;

/** Sets what the native backends read when they are loaded. @returns whether one of them was there before. */
function setNativeDeterminism(): boolean {
  const isLoaded = tf.engine().registryFactory['tensorflow'] !== undefined;
  if (!isLoaded) for (const [name, value] of Object.entries(nativeSettings)) process.env[name] ??= value;
  return isLoaded;
}

const options = z.strictObject({
  seed: z.int().describe('The one integer that everything random follows from. 0 is a seed like any other.'),
  reinitialize: z
    .boolean()
    .default(false)
    .describe('Draw the weights of a model that was built before the trainer anew. False by default: they may have been loaded from a file.'),
  verify: z
    .union([z.boolean(), z.int().min(1)])
    .default(false)
    .describe('Train the first steps twice from one state and compare all bits: true for 3 steps, or a number.'),
});

/** Three steps see the initial weights, an update, and the optimizer's slots of the step before: what differs by nature differs by then. */
const defaultVerifySteps = 3;

/**
 * One integer fixes all that is random: initial weights, the order of the data, dropout, augmentation, and whatever else
 * draws from Math.random or TensorFlow.js's random operations during the fit. Every weight and every step has a stream
 * of its own, so a plugin that draws numbers changes nobody else's. What it replaces (Math.random, the seeds of layers)
 * is put back after the fit.
 *
 * Initial weights follow the seed when the trainer makes the model (`model: () => buildModel()`), or with
 * `reinitialize: true`; a model that was built before keeps its weights, and the event `seed` says so. A resumed fit
 * draws on where the saved one stood.
 *
 * @example new Trainer({ model: () => buildModel(), loss: 'meanSquaredError', plugins: [seed({ seed: 42, verify: true })] });
 */
export const seed = definePlugin({
  name: 'seed',
  summary: 'One integer fixes everything random; can prove that two runs are equal to the bit.',
  role: 'steer',
  enforce: 'pre',
  options,
  events: {
    seed: z
      .strictObject({
        seed: z.int().describe('the seed in force'),
        weights: z.enum(['seeded', 'reinitialized', 'as-given']).describe('as-given: the model was built before the trainer, and the seed did not make its weights'),
        seededWeights: z.int().min(0).describe('weights that were drawn from streams of their own'),
        keptWeights: z.array(z.string()).describe('weights whose initialiser could not be found: they kept their values'),
        drawingLayers: z.int().min(0).describe('dropout layers and the like, which get a new seed at every step'),
        nativeDeterminism: z.enum(['set', 'too-late', 'not-needed']).describe("too-late: the native library was loaded before; set TF_DETERMINISTIC_OPS=1 in the environment"),
      })
      .describe('The randomness of the run is fixed.'),
    'seed-verification': z
      .strictObject({
        steps: z.int().min(0).describe('steps that were trained twice'),
        identical: z.boolean(),
        firstDifference: z
          .strictObject({ step: z.int().min(0), tensor: z.string(), maxAbsDifference: real })
          .nullable()
          .describe('the first step, and the first tensor in it, that was not the same to the bit'),
      })
      .describe('The first steps were trained twice from one state, and compared.'),
  },
  hooks: ({ seed: value, reinitialize: wantsNew, verify }) => {
    const nativeWasLoaded = setNativeDeterminism();
    const mathRandom = new SeededMathRandom();
    const initializers = new SeededInitializers();
    let dropout: DropoutSeeds | undefined;
    let place = { step: 0, batch: 0 };
    /** Math.random gives what follows from the place alone. The stream is a held one, so that a checkpoint within a place has where it stands. */
    const drawFor = (name: string, ctx: Pick<SteererContext, 'random' | 'derive'>): void => {
      const stream = ctx.random('math');
      stream.restoreLater(() => ctx.derive(`math/${name}`).state());
      mathRandom.use(stream);
    };
    return {
      setup({ fit, resumed }, ctx) {
        // A further fit goes on with the streams of the first; a resumed one is to say when it was saved under another seed.
        if (fit === 1 || resumed) ctx.reseed(value);
        drawFor('setup', ctx);
        initializers.install((name) => ctx.seedFor(`${ctx.name}/${name}`));
      },
      async fitStart({ fit, resumed }, ctx) {
        initializers.remove();
        const { model } = ctx;
        dropout = new DropoutSeeds(model);
        place = { step: 0, batch: 0 };
        if (resumed) {
          mathRandom.use(ctx.random('math'));
          return;
        }
        let keptWeights: readonly string[] = [];
        const redraws = wantsNew && fit === 1 && initializers.made === 0 && isLayersModel(model);
        if (redraws) keptWeights = reinitialize(model, (name) => ctx.seedFor(`${ctx.name}/${name}`));
        const isNative = ctx.backend === 'tensorflow';
        ctx.emit('seed', {
          seed: value,
          weights: initializers.made > 0 ? 'seeded' : redraws ? 'reinitialized' : 'as-given',
          seededWeights: redraws ? ctx.weights.length - keptWeights.length : initializers.made,
          keptWeights: [...keptWeights],
          drawingLayers: dropout.count,
          nativeDeterminism: !isNative ? 'not-needed' : nativeWasLoaded ? 'too-late' : 'set',
        });
        if (verify === false) return;
        const steps = verify === true ? defaultVerifySteps : verify;
        const rehearse = async (): ReturnType<typeof ctx.rehearse> => {
          place = { step: 0, batch: 0 };
          return ctx.rehearse(steps);
        };
        const [one, two] = [await rehearse(), await rehearse()];
        place = { step: 0, batch: 0 };
        const difference = firstDifference(one, two);
        ctx.emit('seed-verification', { steps: one.length, identical: difference === null, firstDifference: difference });
        if (difference === null) return;
        ctx.finding({
          rule: 'not-reproducible',
          severity: 'warning',
          message: `two runs of the same steps from one state differ first at step ${String(difference.step)} in ${difference.tensor}, by ${String(difference.maxAbsDifference)} at most`,
          where: difference.tensor === 'loss' ? {} : { weight: difference.tensor },
          evidence: { ...difference },
          remedy: 'Look for randomness that the seed does not reach: node:crypto, the clock, an asynchronous data source, or operations of a GPU that add in no fixed order.',
          docs: 'rules/not-reproducible.md',
        });
      },
      batch(_batch, ctx) {
        // Micro-batches of one step draw differently, and equally in a second run.
        place = { step: ctx.step, batch: place.step === ctx.step ? place.batch + 1 : 0 };
        const name = `step/${String(place.step)}/${String(place.batch)}`;
        drawFor(name, ctx);
        dropout?.set(name, (each) => ctx.seedFor(`${ctx.name}/${each}`));
      },
      teardown(_info, ctx) {
        initializers.remove();
        dropout?.restore();
        if (mathRandom.restore()) return;
        ctx.finding({
          rule: 'math-random-replaced',
          docs: 'rules/math-random-replaced.md',
          severity: 'info',
          message: 'Math.random was replaced by other code during the fit, and is left as that code set it',
          remedy: 'Replace it before the fit, or not at all: the numbers that it gave were not those of the seed.',
        });
      },
    };
  },
});

/** The files of a project to begin with: a training that runs as it is and finds nothing wrong. */

export interface StarterFacts {
  /** Name of the project, as npm takes it. */
  readonly name: string;
  /** What package.json names as trainscope: a version range, or a file. */
  readonly trainscope: string;
  /** Version ranges of the other packages. */
  readonly versions: Readonly<Record<string, string>>;
}

const packageJson = ({ name, trainscope, versions: { tfjsCore = '*', tfjsLayers = '*', typescript = '*', nodeTypes = '*' } }: StarterFacts): string =>
  `${JSON.stringify(
    {
      name,
      private: true,
      type: 'module',
      scripts: {
        check: 'trainscope check experiment.ts --config run.yaml',
        train: 'trainscope train experiment.ts --config run.yaml',
        types: 'tsc --noEmit',
      },
      dependencies: { '@tensorflow/tfjs-core': tfjsCore, '@tensorflow/tfjs-layers': tfjsLayers, trainscope },
      devDependencies: { '@types/node': nodeTypes, typescript },
    },
    null,
    2,
  )}\n`;

// skipLibCheck: the typings of TensorFlow.js do not agree with each other under strict rules.
const tsconfig = `{
  "compilerOptions": {
    "target": "ES2022",
    "module": "NodeNext",
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "skipLibCheck": true,
    "noEmit": true,
    "types": ["node"]
  },
  "include": ["*.ts"]
}
`;

const experiment = `import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { defineExperiment } from 'trainscope/diagnosis';

/** Two half circles that reach into each other, with some noise: put your own data here. */
function halfMoons(samples: number, random: () => number): { inputs: number[][]; labels: number[] } {
  const noise = (): number => 0.2 * (random() + random() + random() - 1.5);
  const labels = Array.from({ length: samples }, () => (random() < 0.5 ? 0 : 1));
  const inputs = labels.map((label) => {
    const angle = Math.PI * random();
    const [x, y] = label === 0 ? [Math.cos(angle) - 0.5, Math.sin(angle) - 0.25] : [0.5 - Math.cos(angle), 0.25 - Math.sin(angle)];
    return [x + noise(), y + noise()];
  });
  return { inputs, labels };
}

/** Numbers from 0 to 1, the same at every run (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// A function: the model is made when the backend is there and the seed is in place.
const model = (): Sequential =>
  sequential({
    layers: [
      layers.dense({ units: 16, activation: 'relu', kernelInitializer: 'heNormal', inputShape: [2], name: 'hidden_1' }),
      layers.dense({ units: 16, activation: 'relu', kernelInitializer: 'heNormal', name: 'hidden_2' }),
      layers.dense({ units: 2, activation: 'softmax', name: 'classes' }),
    ],
  });

export default defineExperiment({
  model,
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
  data: halfMoons(1024, randomNumbers(1)),
  validation: halfMoons(512, randomNumbers(2)),
});
`;

const runYaml = `# yaml-language-server: $schema=./node_modules/trainscope/schema/config.schema.json
# Everything of the training that is plain data. The line above gives completion and checks in an editor.

seed: 1 # initial weights, the order of the data and all else that is random
optimizer: { name: adam, learningRate: 0.01 }

fit:
  epochs: 20
  batchSize: 32

plugins:
  - preflight: { stopOn: error } # looks before the first step
  - diagnosis # watches the training, and says what is wrong and what to change
  - gradientNorm: { every: 10 }
  - earlyStopping: { monitor: val_loss, patience: 5, restoreBestWeights: true }
  - checkpoint: { every: { epochs: 5 }, keepLast: 2 } # trainscope train ... --resume goes on from there
`;

const readme = (name: string): string => `# ${name}

\`\`\`sh
npm install
npx trainscope check experiment.ts --config run.yaml    # looks at the training, and does not run it
npx trainscope train experiment.ts --config run.yaml --report
\`\`\`

- \`experiment.ts\` has the model and the data.
- \`run.yaml\` has the settings. One of them for one run: \`--set optimizer.learningRate=0.003\`.
- Each run has a folder in \`runs/\`: every event in \`events.ndjson\`, checkpoints, and with \`--report\` a page, \`report.html\`.
- Go on with a run: \`npx trainscope train experiment.ts --config run.yaml --resume runs/... --epochs 40\`.
- Hold two runs against each other: \`npx trainscope compare runs/... runs/...\`.
`;

/** Name of the file -> its text. */
export const starterFiles = (facts: StarterFacts): Readonly<Record<string, string>> => ({
  'package.json': packageJson(facts),
  'tsconfig.json': tsconfig,
  'experiment.ts': experiment,
  'run.yaml': runYaml,
  'README.md': readme(facts.name),
  '.gitignore': 'node_modules/\nruns/\n',
});

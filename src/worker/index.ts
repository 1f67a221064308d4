/** Training off the main thread: `import { defineTraining, trainInWorker } from 'trainscope/worker'`. */
export { defineTraining, type AnyTraining, type DataOf, type ResultOf, type Training, type TrainingRoom } from './define-training.js';
export type { TrainInWorkerOptions } from './options.js';
export { trainInWorker, type EventsOfFactories } from './train-in-worker.js';
export type { WorkerTraining } from './worker-training.js';

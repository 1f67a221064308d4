import type { MeasurementPlan } from '../measure/plan.js';
import type { LoopReports } from '../trainer/loop-reports.js';
import type { ModelFace } from '../trainer/model.js';
import { stepsPerEpoch, type FitParams } from './describe-fit.js';
import type { FittedModel } from './patches.js';
import { RateOf } from './rate-of.js';
import type { SeenStep } from './seen-step.js';

/** What was validated since the last update. */
export interface SeenValidation {
  samples: number;
  /** When the last thing before it was done, and when its last batch was, ms. */
  since: number;
  until: number;
  /** What the hooks of its start promised. */
  start: Promise<void> | undefined;
  isBegun: boolean;
}

/** One call of model.fit that is under way. */
export class OpenFit {
  readonly rate: RateOf;
  readonly began = performance.now();
  /** Undefined for a Dataset that does not tell. */
  readonly stepsPerEpoch: number | undefined;
  epochsDone = 0;
  isFirstStep = true;
  epochBegan = this.began;
  epochSamples = 0;
  step: SeenStep | undefined;
  validation = this.noValidation();
  lastRate = NaN;
  /** What one of ours threw: model.fit throws it on, and callbacks are not told. */
  thrown: { readonly error: unknown } | undefined;

  constructor(
    readonly model: FittedModel,
    readonly face: ModelFace,
    readonly params: FitParams,
    readonly parts: {
      readonly plan: MeasurementPlan;
      readonly reports: LoopReports;
      /** The number of the last epoch, counted over all fits. */
      readonly lastEpoch: number;
      readonly stepsBefore: number;
      readonly findingsBefore: number;
      /** Called when the fit is over without onTrainEnd. */
      readonly left: () => void;
    },
  ) {
    this.rate = new RateOf(model.optimizer);
    this.stepsPerEpoch = stepsPerEpoch(params);
  }

  get validates(): boolean {
    return this.params.doValidation === true;
  }

  noValidation(): SeenValidation {
    const now = performance.now();
    return { samples: 0, since: now, until: now, start: undefined, isBegun: false };
  }

  keepThrown(error: unknown): void {
    this.thrown ??= { error };
  }
}

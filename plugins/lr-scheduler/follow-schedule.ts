import { buildSchedule, type Schedule, type ScheduleSpec } from 'trainscope/schedules';
import type { Context, Hooks } from './contract.js';
import type { RatelessSpec } from './schedule-option.js';
import type { Unit } from './unit.js';
import { atBase, withRate } from './with-rate.js';

/** Sets the learning rate by a function of the step or epoch. What it does follows from the context's counters alone. */
export function followSchedule(option: RatelessSpec | Schedule, per: Unit, logEvery: number): Hooks {
  let schedule: Schedule | undefined;

  const rateAt = (count: number, context: Context): number => {
    schedule ??= build(option, context);
    const rate: unknown = schedule(count);
    if (typeof rate === 'number' && Number.isFinite(rate) && rate >= 0) return rate;
    throw new Error(`${context.name}: the schedule gives ${String(rate)} at ${per} count ${count}; a learning rate is a finite number, 0 or above. Correct the function for that count.`);
  };

  const count = ({ step, epoch, state }: Context): number => (per === 'step' ? step : (state.epochs ?? epoch));

  /** Sets the rate of the count that has come, and tells of it unless it is too soon. */
  const advance = (context: Context): void => {
    const learningRate = rateAt(count(context), context);
    // Set even if the schedule stands still: another plugin may have moved the rate.
    context.learningRate = learningRate;
    const { told } = context.state;
    if (per === 'step' && told !== null && context.step - told.step < logEvery) return;
    tellChange(learningRate, context);
  };

  const tellChange = (learningRate: number, context: Context): void => {
    const previous = context.state.told?.learningRate ?? Number.NaN;
    if (learningRate === previous) return;
    context.state = { ...context.state, told: { step: context.step, learningRate } };
    // As the trainer's own event of a step: not to be seen at the usual level.
    context.emit('learning-rate', { learningRate, previous, count: count(context), per, reason: 'schedule' }, { level: per === 'step' ? 'debug' : 'info' });
  };

  const enterEpoch = (epochs: number, context: Context): void => {
    context.state = { ...context.state, epochs };
    advance(context);
  };

  return {
    fitStart({ resumed }, context) {
      const previous = context.learningRate;
      const { base, told } = context.state;
      context.state = { ...context.state, base: base ?? previous };
      schedule = undefined;
      const learningRate = rateAt(count(context), context);
      // The rate is the one that was saved, whoever had set it, and what was told of it stands.
      if (resumed) return;
      context.learningRate = learningRate;
      // With a state of another trainer the cadence goes on as it would have.
      context.state = { ...context.state, told: { step: told?.step ?? context.step, learningRate } };
      context.emit('learning-rate', { learningRate, previous, count: count(context), per, reason: 'start' });
    },
    ...(per === 'step'
      ? { stepEnd: (_: unknown, context: Context) => advance(context) }
      : {
          // At the start as well: the epoch before may have been cut short, or saved before its end was heard of here.
          epochStart: (_: unknown, context: Context) => enterEpoch(context.epoch - 1, context),
          epochEnd: (_: unknown, context: Context) => enterEpoch(context.epoch, context),
        }),
    fitEnd: (_, context) => tellChange(rateAt(count(context), context), context),
    // An epoch that failed counts as one cut short: the next fit starts with the rate of the epoch after it.
    error(_, context) {
      context.state = { ...context.state, epochs: null };
    },
  };
}

function build(option: RatelessSpec | Schedule, { name, state, learningRate }: Context): Schedule {
  if (typeof option === 'function') return option;
  const base = state.base ?? learningRate;
  try {
    return buildSchedule(withRate(option, base) as ScheduleSpec);
  } catch (cause) {
    throw atBase(name, base, cause);
  }
}

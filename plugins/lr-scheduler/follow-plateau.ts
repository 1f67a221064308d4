import { asValidation, type Metrics } from 'trainscope/plugin';
import { reduceOnPlateau, type PlateauReducer } from 'trainscope/schedules';
import type { Context, Hooks } from './contract.js';
import type { PlateauSpec } from './schedule-option.js';
import type { Unit } from './unit.js';
import { atBase, defaultMonitor, plateauOptions } from './with-rate.js';

export const isOfValidation = (monitor: string): boolean => monitor.startsWith('val_');

/** Reduces the learning rate when a metric stands still. All that it remembers is in the state. */
export function followPlateau(spec: PlateauSpec, per: Unit): Hooks {
  const { monitor = defaultMonitor } = spec;
  let reducer: PlateauReducer | undefined;

  const look = (metrics: Metrics, context: Context): void => {
    const value = metrics[monitor];
    if (value === undefined) {
      const known = [...new Set([...Object.keys(metrics), ...Object.keys(context.metrics)])];
      throw new Error(`${context.name} monitors "${monitor}", which is not measured; known are ${known.join(', ')}. Add it to the trainer's metrics, or monitor one of these.`);
    }
    reducer ??= build(spec, context);
    const previous = context.learningRate;
    // From the rate in force, as in PyTorch: others may have changed it.
    const { state, learningRate } = reducer.reduce({ ...(context.state.plateau ?? reducer.initial), learningRate: previous }, value);
    context.state = { ...context.state, plateau: state, looks: context.state.looks + 1 };
    if (learningRate === previous) return;
    context.learningRate = learningRate;
    context.emit('learning-rate', { learningRate, previous, count: per === 'step' ? context.step : context.epoch, per, reason: 'plateau', monitor, value });
  };

  const fitStart: Hooks['fitStart'] = ({ resumed }, context) => {
    const previous = context.learningRate;
    context.state = { ...context.state, base: context.state.base ?? previous };
    reducer = build(spec, context);
    const plateau = context.state.plateau ?? reducer.initial;
    context.state = { ...context.state, plateau };
    // The rate is the one that was saved, whoever had set it.
    if (resumed) return;
    context.state = { ...context.state, looks: 0, epochsWithout: 0 };
    context.learningRate = plateau.learningRate;
    context.emit('learning-rate', { learningRate: plateau.learningRate, previous, count: per === 'step' ? context.step : context.epoch, per, reason: 'start' });
  };

  /** Takes over what others made of the rate, so that a checkpoint between two looks has it too. */
  const stepEnd: Hooks['stepEnd'] = (_, context) => {
    const { plateau } = context.state;
    if (plateau === null || plateau.learningRate === context.learningRate) return;
    context.state = { ...context.state, plateau: { ...plateau, learningRate: context.learningRate } };
  };

  if (per === 'step') {
    return isOfValidation(monitor)
      ? { fitStart, stepEnd, validationEnd: ({ metrics }, context) => look(asValidation(metrics), context) }
      : { fitStart, stepEnd, measured: (_, context) => look(context.metrics, context) };
  }
  return {
    fitStart,
    stepEnd,
    epochEnd({ metrics, validation }, context) {
      if (isOfValidation(monitor) && validation === null) context.state = { ...context.state, epochsWithout: context.state.epochsWithout + 1 };
      else look({ ...metrics, ...asValidation(validation ?? {}) }, context);
    },
    fitEnd({ reason }, context) {
      const { looks, epochsWithout } = context.state;
      if (reason !== 'completed' || looks > 0 || epochsWithout === 0) return;
      context.finding({
        rule: 'plateau-never-looked-at',
        docs: 'rules/plateau-never-looked-at.md',
        severity: 'warning',
        message: `${context.name} never saw "${monitor}": none of the ${epochsWithout} epochs of the fit ended with a validation, so the learning rate could not be reduced.`,
        where: { plugin: context.name },
        evidence: { monitor, epochs: epochsWithout },
        remedy: "Validate at the end of epochs (validationEvery: { epochs: 1 }), or set per: 'step' to look at every validation.",
      });
    },
  };
}

function build(spec: PlateauSpec, { name, state, learningRate }: Context): PlateauReducer {
  const base = state.base ?? learningRate;
  try {
    return reduceOnPlateau(plateauOptions(spec, base));
  } catch (cause) {
    throw atBase(name, base, cause);
  }
}

import { preflight, type Experiment } from 'trainscope/diagnosis';

export async function sweep(experiment: Experiment): Promise<void> {
  const { checks } = await preflight(experiment, { only: ['learning-rate-range'] });
  console.log(checks[0]?.measured);
}

export {};

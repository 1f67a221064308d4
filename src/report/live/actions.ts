import { z } from 'zod';

/** What a live page may ask of a training. */
export const actionSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.enum(['pause', 'resume', 'stop']) }),
  z.strictObject({ action: z.literal('learning-rate'), value: z.number().min(0) }),
]);

export type LiveAction = z.output<typeof actionSchema>;

/** How a training stands that can be controlled. */
export interface ControlState {
  readonly paused: boolean;
  /** Of the next update; null before the first step. */
  readonly learningRate: number | null;
  readonly ended: boolean;
}

import { z } from 'zod';

const p = (value: number): z.ZodDefault<z.ZodNumber> => z.number().gt(0).max(1).default(value).describe('Probability of a sample to be changed.');
const pair = (least: number) => z.tuple([z.number().min(least), z.number().min(least)]).refine(([from, to]) => from <= to, 'the first is above the second');

/** What moves the pixels of an image. Several in a row are done as one, so that an image is blurred once. */
const moves = [
  z.strictObject({ kind: z.literal('flip'), direction: z.enum(['horizontal', 'vertical']).default('horizontal'), p: p(0.5) }).describe('Mirrors.'),
  z
    .strictObject({ kind: z.literal('crop'), padding: z.int().min(1).default(4).describe('Pixels. 4: He et al. (2016) for CIFAR-10.'), p: p(1) })
    .describe('Pads on all sides and cuts the old size out anywhere: shifts by whole pixels.'),
  z.strictObject({ kind: z.literal('rotation'), degrees: z.number().gt(0).max(180).default(10).describe('At most so many, either way.'), p: p(1) }).describe('About the centre.'),
  z.strictObject({ kind: z.literal('translation'), x: z.number().min(0).max(1).default(0.1).describe('Share of the width, at most, either way.'), y: z.number().min(0).max(1).default(0.1), p: p(1) }).describe('Shifts.'),
  z.strictObject({ kind: z.literal('zoom'), range: pair(0.01).default([0.9, 1.1]).describe('Factor, drawn uniformly; above 1 enlarges.'), p: p(1) }).describe('About the centre.'),
] as const;

/** What changes the numbers of an image. */
const paints = [
  z.strictObject({ kind: z.literal('brightness'), by: z.number().positive().default(0.2).describe("Added to a whole image, at most, either way; in the inputs' units."), p: p(1) }),
  z.strictObject({ kind: z.literal('contrast'), by: z.number().gt(0).max(1).default(0.2).describe('Distances from the mean of each channel are multiplied by 1 plus or minus at most so much.'), p: p(1) }),
  z
    .strictObject({ kind: z.literal('cutout'), size: z.int().min(1).default(8).describe('Side of the square, pixels. 8 for CIFAR-100, 16 for CIFAR-10: DeVries & Taylor (2017).'), value: z.number().default(0), p: p(1) })
    .describe('A square about a place anywhere in the image, in part outside it.'),
  z
    .strictObject({
      kind: z.literal('erase'),
      area: pair(0).default([0.02, 0.33]).describe('Share of the image. Zhong et al. (2020) and torchvision, as the next two.'),
      ratio: pair(0.01).default([0.3, 3.3]).describe('Height to width, drawn on a logarithmic scale.'),
      value: z.number().default(0),
      p: p(0.5),
    })
    .describe('A rectangle inside the image.'),
] as const;

/** What changes numbers of any input. */
const numbers = [
  z.strictObject({ kind: z.literal('noise'), stddev: z.number().positive().default(0.1).describe("Of a normal distribution, in the inputs' units."), p: p(1) }).describe('Adds a number of its own to each.'),
  z.strictObject({ kind: z.literal('dropout'), rate: z.number().gt(0).lt(1).default(0.1), value: z.number().default(0), p: p(1) }).describe('Puts `value` in place of single numbers.'),
] as const;

export const transformSchema = z.discriminatedUnion('kind', [...moves, ...paints, ...numbers]);
export type Transform = z.output<typeof transformSchema>;
export type Move = z.output<(typeof moves)[number]>;
export type Paint = Exclude<Transform, Move>;

const moveKinds: ReadonlySet<string> = new Set(['flip', 'crop', 'rotation', 'translation', 'zoom'] satisfies Move['kind'][]);
export const isMove = (transform: Transform): transform is Move => moveKinds.has(transform.kind);

/** Whether it takes images alone, [batch, height, width, channels]. */
export const needsImages = ({ kind }: Transform): boolean => kind !== 'noise' && kind !== 'dropout';

import Table from 'cli-table3';
import type { Summary } from './contract.js';

const bytesPerMiB = 1024 ** 2;
const whole = (value: number): string => value.toLocaleString('en-US');
const unknown = '?';
const countText = (value: number | null): string => (value === null ? unknown : whole(value));
/** Two decimals, and more where there would be nothing but zeros. */
const mib = (bytes: number | null): string => {
  if (bytes === null) return unknown;
  const value = bytes / bytesPerMiB;
  return `${value === 0 || value >= 0.01 ? value.toFixed(2) : String(Number(value.toPrecision(1)))} MiB`;
};

const shapeText = (shape: unknown): string =>
  Array.isArray(shape) ? `[${shape.map((each: unknown) => (Array.isArray(each) ? shapeText(each) : typeof each === 'number' ? String(each) : 'null')).join(', ')}]` : unknown;

/** Lines between columns alone, so that a narrow terminal holds it. */
const chars = { 'top': '', 'top-mid': '', 'top-left': '', 'top-right': '', 'bottom': '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', 'left': '', 'left-mid': '', 'mid': '', 'mid-mid': '', 'right': '', 'right-mid': '', 'middle': '  ' };

function tableOf(head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[]): string {
  const table = new Table({
    head: [...head],
    chars,
    style: { 'head': [], 'border': [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, i) => (right.includes(i) ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

/** The summary as a table for people; of a model that is written by hand, its weights. */
export function printSummary({ layers, weights, parameters, trainable, weightBytes, gradientBytes, slotBytes, multiplyAdds }: Summary): string {
  const table =
    layers.length > 0
      ? tableOf(
          ['layer', 'class', 'output', 'parameters', 'trainable', 'multiply-adds'],
          layers.map((each) => [each.name, each.className, shapeText(each.outputShape), whole(each.parameters), whole(each.trainable), countText(each.multiplyAdds)]),
          [3, 4, 5],
        )
      : tableOf(
          ['weight', 'shape', 'type', 'parameters', 'trainable'],
          weights.map((each) => [each.name, shapeText(each.shape), each.dtype, whole(each.parameters), each.trainable ? 'yes' : 'no']),
          [3],
        );
  return [
    table,
    '',
    `parameters     ${whole(parameters)}, ${whole(trainable)} of them trainable`,
    `memory         weights ${mib(weightBytes)}, gradients ${mib(gradientBytes)}, optimizer ${mib(slotBytes)}`,
    ...(layers.length === 0 ? [] : [`forward pass   ${countText(multiplyAdds)} multiply-adds a sample${multiplyAdds === null ? ': a layer is not known, or a dimension is free' : ''}`]),
    '',
  ].join('\n');
}

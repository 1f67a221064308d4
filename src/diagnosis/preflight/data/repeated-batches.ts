import { finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { inputKeys, possibleRows } from './duplicates.js';

/** Batches that tell: of any two, one may be an accident of a small source. */
const fewest = 3;
/** A batch this large may be the whole of a small data set, given at every step on purpose. */
const mayBeAll = 128;

/** Sizes of the batches of a stream that are here as a whole, the first ones. */
function wholeBatches(lab: Lab): readonly number[] {
  const sizes: number[] = [];
  let sum = 0;
  for (const size of lab.training.batchSizes) {
    sum += size;
    if (sum > lab.training.count) break;
    sizes.push(size);
  }
  return sizes;
}

function run(lab: Lab): CheckResult {
  const { training, validation } = lab;
  if (training.total !== undefined) return { findings: [], cannotTell: 'the source is no stream of batches' };
  const sizes = wholeBatches(lab);
  const [size = 0] = sizes;
  if (sizes.length < fewest || size < 2) return { findings: [], cannotTell: 'it takes three batches of two samples' };
  const keys = inputKeys(training);
  // Sorted: a batch in another order is the same batch.
  const rowsOf = (batch: number): string =>
    keys
      .slice(batch * size, (batch + 1) * size)
      .toSorted((a, b) => a - b)
      .join();
  const first = rowsOf(0);
  const distinct = new Set(keys.slice(0, size)).size;
  const same = sizes.filter((each, batch) => each === size && rowsOf(batch) === first).length;
  const measured = { batches: sizes.length, sameAsFirst: same, distinct };
  // One row alone is for `inputs-all-same`; where the features make no other rows, as in a truth table, that is all there is.
  if (same < sizes.length || distinct < 2 || possibleRows(training) <= 2 * distinct) return { findings: [], measured };
  const isAll = size >= Math.max(mayBeAll, validation?.count ?? 0);
  return {
    measured,
    findings: [
      finding({
        rule: 'repeated-batches',
        severity: isAll ? 'info' : 'warning',
        message: `all ${String(sizes.length)} batches looked at hold the same ${String(size)} samples: nothing else is ever learnt from`,
        evidence: { ...measured, batchSize: size },
        remedy: 'Move on in the source with each batch: look for an iterator that is made anew for each, an index that stays at 0, a slice with fixed bounds, or a buffer that is filled once.',
      }),
    ],
  };
}

export const repeatedBatches: Check = { name: 'repeated-batches', stage: 'data', summary: 'The batches of a stream hold different samples.', run };

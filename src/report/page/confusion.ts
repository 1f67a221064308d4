import type { ConfusionTable, RunModel } from '../model.js';
import { h } from './dom.js';
import { digits, percent } from './numbers.js';

/** A table of true and predicted classes whose cells are shaded by their share of the row; every cell has its number. */
export function confusionOf(run: RunModel, several: boolean): readonly HTMLElement[] {
  return run.confusion.map(({ output, epoch, classes, counts }: ConfusionTable) => {
    const title = `Confusion of ${output} after epoch ${String(epoch)}${several ? ` (${run.name})` : ''}`;
    return h(
      'div',
      { class: 'confusion' },
      h('h3', {}, title),
      h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title },
        h(
          'table',
          { class: 'matrix' },
          h('caption', {}, 'Rows: true class. Columns: predicted class.'),
          h('thead', {}, h('tr', {}, h('td', {}), ...classes.map((name) => h('th', { scope: 'col' }, name)), h('th', { scope: 'col' }, 'right'))),
          h(
            'tbody',
            {},
            ...counts.map((row, i) => {
              const total = row.reduce((sum, count) => sum + count, 0);
              return h(
                'tr',
                {},
                h('th', { scope: 'row' }, classes[i] ?? String(i)),
                ...row.map((count, j) => {
                  const share = total === 0 ? 0 : count / total;
                  const cell = h('td', { class: i === j ? 'right' : 'wrong' }, digits(count));
                  cell.style.setProperty('--share', share.toFixed(3));
                  return cell;
                }),
                h('td', {}, total === 0 ? '—' : percent((row[i] ?? 0) / total)),
              );
            }),
          ),
        ),
      ),
    );
  });
}

type Child = Node | string | number | null | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>>;

/**
 * An element. Texts become text nodes and nothing else: what comes from a log is never parsed as HTML.
 * A function is a listener (`onclick`), true an empty attribute, false and null none.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  put(element, ...children);
  return element;
}

/** Adds children after those that are there. */
export function put(parent: Element, ...children: readonly Child[]): void {
  for (const child of children) if (child !== null && child !== undefined && child !== false) parent.append(typeof child === 'number' ? String(child) : child);
}

/** A table with a heading for each column; the first cell of a row is its heading. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly (Node | string | number | null)[])[], className = ''): HTMLElement {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      { class: className },
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, ...rows.map(([first, ...rest]) => h('tr', {}, h('th', { scope: 'row' }, first ?? ''), ...rest.map((cell) => h('td', {}, cell ?? '—'))))),
    ),
  );
}

/** A part that is folded until asked for. Its key keeps it open over updates. */
export const folded = (key: string, summary: string, ...children: readonly Child[]): HTMLDetailsElement => h('details', { 'data-key': key }, h('summary', {}, summary), ...children);

/**
 * Keys that stand twice in one object of a JSON text, read token by token: JSON.parse takes the last of them and says
 * nothing. Each is given as its path: `data.metrics.loss`.
 */
export function repeatedKeys(json: string): string[] {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const repeated: string[] = [];
  const open: { keys: Set<string> | undefined; key: string }[] = [];
  tokens.forEach((token, index) => {
    if (token === '{') open.push({ keys: new Set(), key: '' });
    else if (token === '[') open.push({ keys: undefined, key: '[]' });
    else if (token === '}' || token === ']') open.pop();
    else if (tokens[index + 1] === ':') {
      const inside = open.at(-1)!;
      inside.key = JSON.parse(token) as string;
      if (inside.keys!.has(inside.key)) repeated.push(open.map(({ key }) => key).join('.'));
      inside.keys!.add(inside.key);
    }
  });
  return repeated;
}

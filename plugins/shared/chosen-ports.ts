/** The named ones of a model's inputs or outputs; all of them where none is named. @throws Error for a name that there is not */
function chosenPorts<P extends { readonly name: string }>(plugin: string, what: string, names: readonly string[] | undefined, ports: readonly P[]): readonly P[] {
  const unknown = names?.find((name) => ports.every((port) => port.name !== name));
  if (unknown !== undefined) throw new Error(`${plugin} names the ${what} "${unknown}"; the model's ${what}s are ${ports.map(({ name }) => name).join(', ')}.`);
  return names === undefined ? ports : ports.filter(({ name }) => names.includes(name));
}

export const chosenInputs = <P extends { readonly name: string }>(plugin: string, names: readonly string[] | undefined, inputs: readonly P[]): readonly P[] => chosenPorts(plugin, 'input', names, inputs);
export const chosenOutputs = <P extends { readonly name: string }>(plugin: string, names: readonly string[] | undefined, outputs: readonly P[]): readonly P[] => chosenPorts(plugin, 'output', names, outputs);

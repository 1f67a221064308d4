const trainingNames = ['dog', 'cat', 'dog', 'bird'];
const validationNames = ['cat', 'bird'];
const classes = [...new Set(trainingNames)].sort();
const numberOf = (name: string): number => classes.indexOf(name);
const labels = { training: trainingNames.map(numberOf), validation: validationNames.map(numberOf) };

export {};

import { chooseBackend } from 'trainscope';

const { backend, refusals, notes } = await chooseBackend(); // 'auto'
console.log(backend, refusals.map(({ backend, reason }) => `${backend}: ${reason}`), notes);

export {};

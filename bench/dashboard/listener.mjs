// Listens to a live page as a browser does, in a process of its own: node listener.mjs URL reads|hangs. Prints a line when
// connected; on a line of input it ends, and prints how many models it got.
import { get } from 'node:http';

const [url, how] = process.argv.slice(2);
let models = 0;
get(`${url}events`, { agent: false }, (answer) => {
  process.stdout.write('connected\n');
  if (how === 'hangs') {
    answer.pause();
    return;
  }
  answer.setEncoding('utf8').on('data', (text) => {
    models += text.split('event: model').length - 1;
  });
});
process.stdin.once('data', () => {
  process.stdout.write(`${models}\n`);
  process.exit(0);
});

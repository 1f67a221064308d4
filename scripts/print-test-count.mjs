// The last test run's counts, as one plain line.
import { readFileSync } from 'node:fs';

const { numPassedTests, numFailedTests } = JSON.parse(readFileSync('coverage/tests.json', 'utf8'));
console.log(`${numPassedTests} passed, ${numFailedTests} failed`);

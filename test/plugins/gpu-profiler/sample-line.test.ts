import { describe, expect, it } from 'vitest';
import { parseLine, queryArguments, queryFields } from '../../../plugins/gpu-profiler/sample-line.js';

const parsed = (line: string) => {
  const result = parseLine(line);
  if (result.kind !== 'sample') throw new Error(`no sample: ${JSON.stringify(result)}`);
  return result.sample;
};

describe('a line of nvidia-smi', () => {
  it('is read column by column', () => {
    expect(parsed('2026/01/31 12:00:00.123, 1, GPU-5a, 97, 41, 20480, 24576, 312.75, 71, 2520, Disabled, NVIDIA A30')).toEqual({
      index: 1,
      uuid: 'GPU-5a',
      name: 'NVIDIA A30',
      mig: false,
      utilization: 97,
      memoryUtilization: 41,
      memoryUsed: 20480,
      memoryTotal: 24576,
      power: 312.75,
      temperature: 71,
      smClock: 2520,
      unreadable: null,
    });
  });

  it('of a GPU split by MIG has no utilization, and says so', () => {
    expect(parsed('2026/01/31 12:00:00.123, 0, GPU-5a, [N/A], [N/A], 1024, 40960, 60.10, 33, 1410, Enabled, NVIDIA A100-SXM4-40GB')).toMatchObject({ mig: true, utilization: null, memoryUtilization: null, memoryUsed: 1024, unreadable: '[N/A]' });
  });

  it.each(['[N/A]', 'N/A', '[Not Supported]', '[Unknown Error]', '[Insufficient Permissions]', '[GPU requires reset]', 'ERR!', ''])('with %j in place of the power and the utilization reads null there and the rest as numbers', (text) => {
    expect(parsed(`2026/01/31 12:00:00.123, 0, GPU-5a, ${text}, 3, 10, 100, ${text}, 40, 300, [N/A], Quadro K2000`)).toMatchObject({ utilization: null, power: null, memoryUtilization: 3, temperature: 40, unreadable: text });
  });

  it('with units reads the same numbers', () => {
    expect(parsed('2026/01/31 12:00:00.123, 0, GPU-5a, 45 %, 12 %, 1024 MiB, 8192 MiB, 55.12 W, 50, 1500 MHz, [N/A], T4')).toMatchObject({ utilization: 45, memoryUtilization: 12, memoryUsed: 1024, memoryTotal: 8192, power: 55.12, smClock: 1500 });
  });

  it('with a comma in the name keeps its columns', () => {
    expect(parsed('2026/01/31 12:00:00.123, 0, GPU-5a, 45, 12, 1, 2, 3, 4, 5, [N/A], Card, Rev. B')).toMatchObject({ smClock: 5, name: 'Card, Rev. B' });
  });

  it('with a percentage over 100 has none', () => {
    expect(parsed('2026/01/31 12:00:00.123, 0, GPU-5a, 4294967295, 12, 1, 2, 3, 4, 5, [N/A], T4').utilization).toBeNull();
  });

  it.each([
    'No devices were found',
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
    'Field "clocks.foo" is not a valid field to query.',
    'a, b, c, d, e, f, g, h, i, j, k, l',
    '2026/01/31 12:00:00.123, 0, GPU-5a, many, 12, 1, 2, 3, 4, 5, [N/A], T4',
    '2026/01/31 12:00:00.123, 0, GPU-5a, 45',
    '\u0000\u0001\u0002',
  ])('that is none is a message: %j', (line) => {
    expect(parseLine(line)).toEqual({ kind: 'message', text: line.trim() });
  });

  it.each(['', '   ', 'timestamp, index, uuid, utilization.gpu [%]'])('that is empty or a header is nothing: %j', (line) => {
    expect(parseLine(line)).toEqual({ kind: 'nothing' });
  });
});

it('nvidia-smi is asked for 12 fields, without header and units, at the interval', () => {
  expect(queryFields).toHaveLength(12);
  expect(queryArguments(1000)).toEqual([
    '--query-gpu=timestamp,index,uuid,utilization.gpu,utilization.memory,memory.used,memory.total,power.draw,temperature.gpu,clocks.sm,mig.mode.current,name',
    '--format=csv,noheader,nounits',
    '--loop-ms=1000',
  ]);
});

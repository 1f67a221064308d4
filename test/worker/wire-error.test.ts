import { describe, expect, it } from 'vitest';
import { CheckpointError, errorCodes, PluginError, TrainscopeError } from '../../src/errors.js';
import { decodeError, encodeError } from '../../src/thread/wire-error.js';

const sent = (thrown: unknown): unknown => decodeError(structuredClone(encodeError(thrown)));

describe('an error that was sent', () => {
  it('is of its class and equal in all parts, for a class with a code of each kind', () => {
    const error = new CheckpointError('STATE_INVALID', { found: 'a state of 3.', expected: 'one of 4', remedy: 'Use 4.', cause: new PluginError('PLUGIN_STATE', { plugin: 'p', found: 'it' }) });
    const arrived = sent(error) as CheckpointError;
    expect(arrived).toBeInstanceOf(CheckpointError);
    expect(arrived).toEqual(error);
    expect([arrived.message, arrived.stack]).toEqual(['a state of 3; one of 4. Use 4.', error.stack]);
    expect(arrived.cause).toBeInstanceOf(PluginError);
    for (const code of errorCodes) expect((sent(new TrainscopeError(code, { found: 'x' })) as TrainscopeError).code).toBe(code);
  });

  it('of a class that is not known here is an Error of that name, with its fields', () => {
    class StreamError extends Error {
      override readonly name = 'StreamError';
      readonly at = { byte: 12 };
    }
    const arrived = sent(new StreamError('torn')) as StreamError;
    expect(arrived).toBeInstanceOf(Error);
    expect([arrived.name, arrived.message, arrived.at, String(arrived)]).toEqual(['StreamError', 'torn', { byte: 12 }, 'StreamError: torn']);
  });

  it('that only looks like one of ours, with an unknown code, is no TrainscopeError', () => {
    const fake = Object.assign(new Error('x'), { name: 'ConfigError', code: 'NO_SUCH_CODE', found: 'x' });
    expect(sent(fake)).not.toBeInstanceOf(TrainscopeError);
    expect(sent(fake)).toMatchObject({ name: 'ConfigError', code: 'NO_SUCH_CODE' });
  });

  it('with a circle of causes ends after 8 of them', () => {
    const circle = new Error('round');
    circle.cause = circle;
    let depth = 0;
    for (let at = sent(circle) as Error | undefined; at?.cause !== undefined; at = at.cause as Error) depth += 1;
    expect(depth).toBe(8);
  });

  it('with a getter that throws, or a message that is no text, does not fail', () => {
    const odd = new Error('odd');
    Object.defineProperty(odd, 'trap', {
      enumerable: true,
      get: () => {
        throw new Error('do not touch');
      },
    });
    Object.defineProperty(odd, 'message', { value: { toString: () => 'an object' } });
    expect(sent(odd)).toMatchObject({ message: 'an object' });
    expect(sent(undefined)).toBeUndefined();
    expect(sent('text')).toBe('text');
    expect(sent(Symbol('s'))).toBe('Symbol(s)');
  });
});

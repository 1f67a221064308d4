import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TrainscopeError } from '../../errors.js';

/** Ports that are tried, one after the other: as many trainings at once on one machine. */
export const mostPorts = 20;

/**
 * Listens at the port, or at the next one that is free.
 * @returns the port
 * @throws TrainscopeError LIVE_PORT
 */
export async function listenFrom(server: Server, host: string, port: number): Promise<number> {
  const last = port === 0 ? 0 : Math.min(port + mostPorts - 1, 65535);
  for (let tried = port; ; tried += 1) {
    const error = await listen(server, host, tried);
    if (error === undefined) return (server.address() as AddressInfo).port;
    if (error.code === 'EADDRINUSE' && tried < last) continue;
    throw new TrainscopeError('LIVE_PORT', {
      found: error.code === 'EADDRINUSE' ? `the ports ${String(port)} to ${String(last)} of ${host} are taken` : `the live page cannot listen at ${host}, port ${String(tried)}: ${error.message}`,
      expected: 'an address of this machine and a port that is free',
      remedy: 'Give another port, or 0 for any that is free.',
      cause: error,
    });
  }
}

const listen = (server: Server, host: string, port: number): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise((done) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.removeListener('listening', begun);
      done(error);
    };
    const begun = (): void => {
      server.removeListener('error', failed);
      done(undefined);
    };
    server.once('error', failed).once('listening', begun).listen(port, host);
  });

import { isIP } from 'node:net';
import { hostname } from 'node:os';

const loopbackNames = /^(?:localhost|[a-z\d.-]+\.localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** Whether only this machine can reach what listens there. */
export const isLoopback = (host: string): boolean => loopbackNames.test(host.toLowerCase());

/** The name in a Host header, without port and brackets; undefined for what is none. */
export function nameOfHost(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, bracketed, plain] = /^(?:\[([\da-f:.]+)\]|([a-z\d._-]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  return (bracketed ?? plain)?.toLowerCase();
}

/**
 * Which Host headers are answered. A page of another origin can have its own name resolve to this address (DNS
 * rebinding) and would then be let in as the same origin; its name stands in the Host header all the same. So on
 * loopback only loopback's own names are answered; elsewhere addresses as well, which no one can rebind, and the
 * machine's name.
 * @param more Names that it is reached by besides: those of a proxy in front.
 */
export function hostCheck(host: string, more: readonly string[]): (header: string | undefined) => boolean {
  const own = hostname().toLowerCase();
  const names = new Set([host, ...more, ...(isLoopback(host) ? [] : [own, `${own}.local`])].map((name) => name.toLowerCase()));
  const takesAddresses = !isLoopback(host);
  return (header) => {
    const name = nameOfHost(header);
    return name !== undefined && (isLoopback(name) || names.has(name) || (takesAddresses && isIP(name) !== 0));
  };
}

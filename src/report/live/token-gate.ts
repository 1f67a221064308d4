import { createHash, timingSafeEqual } from 'node:crypto';

/** Wrong tokens of one address within a minute; after that it is not listened to until the minute is over. A person who pastes one needs two or three. */
export const mostTries = 10;
const windowMs = 60_000;
/** Before a wrong token is answered. */
export const wrongTokenMs = 500;

export type Admission = 'admitted' | 'wrong' | 'too-many';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Lets in who has the token, in a time that does not tell how much of it was right. */
export class TokenGate {
  readonly #token: Buffer;
  readonly #wrong = new Map<string, { count: number; until: number }>();

  constructor(
    token: string,
    readonly clock: () => number = Date.now,
  ) {
    this.#token = digest(token);
  }

  /** @param address Of who asks. @param header The header Authorization. */
  admit(address: string, header: string | undefined): Admission {
    const now = this.clock();
    const known = this.#wrong.get(address);
    const tries = known === undefined || known.until <= now ? undefined : known;
    if (tries !== undefined && tries.count >= mostTries) return 'too-many';
    const given = /^Bearer ([\w.~+/=-]{1,512})$/i.exec(header ?? '')?.[1];
    if (given !== undefined && timingSafeEqual(digest(given), this.#token)) return 'admitted';
    for (const [each, { until }] of this.#wrong) if (until <= now) this.#wrong.delete(each);
    this.#wrong.set(address, { count: (tries?.count ?? 0) + 1, until: tries?.until ?? now + windowMs });
    return 'wrong';
  }
}

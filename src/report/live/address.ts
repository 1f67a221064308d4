import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** Next to TensorBoard's 6006, so that both may run. */
export const defaultPort = 6007;

/** 128 bits, of which no part can be guessed. */
export const newToken = (): string => randomBytes(16).toString('base64url');

/** Shorter ones, chosen by a person, could be tried out. In a header and behind a # none of its characters means something else. */
export const tokenSchema = z.string().min(16).max(512).regex(/^[\w.~+/=-]+$/, 'letters, digits and -._~+/= alone');

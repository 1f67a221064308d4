import { defaultPort, tokenSchema } from 'trainscope/report';
import { z } from 'zod';

/** A function has no text: what tells how a run was configured does not tell the token. */
const secret = (text: string): (() => string) =>
  function hidden() {
    return text;
  };

export const options = z.strictObject({
  port: z.int().min(0).max(65535).default(defaultPort).describe("Port of the page; where it is taken, the next that is free. 0: any. 6007: next to TensorBoard's 6006."),
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen at. Beyond 127.0.0.1 everyone who reaches it can look at the training, and all that is sent can be read on the way.'),
  hosts: z.array(z.string().min(1)).default([]).describe('Names under which it is reached besides, such as that of a proxy in front. Others are not answered.'),
  allowControl: z.boolean().default(false).describe('Whether the training can be paused, stopped and given another learning rate from the page, by who has the token.'),
  token: tokenSchema.transform(secret).optional().describe('With allowControl: 16 characters or more. Default: 128 random bits, which are printed with the address. It is in no event.'),
  title: z.string().optional().describe('Heading of the page. Default: the name of the script.'),
  print: z.union([z.boolean(), z.literal('auto')]).default('auto').describe("Whether the address is written to stderr. 'auto': where stderr is a terminal, or a token was drawn that nobody knows."),
  open: z.boolean().default(false).describe('Open it in the browser. With allowControl the page asks for the token: the address of a browser stands in the list of processes.'),
  after: z
    .enum(['serve', 'hold', 'close'])
    .default('serve')
    .describe('What becomes of the page when the fit has ended. serve: it stays while the process has something else to do, and the next fit goes on with it. hold: the process stays for it, until Ctrl-C. close: it is closed.'),
});

export type DashboardOptions = z.output<typeof options>;

import { basename } from 'node:path';
import { definePlugin, type SteererContext } from 'trainscope/plugin';
import { newToken, openBrowser, takePage, type TakenPage } from 'trainscope/report';
import { events, type DashboardEvents } from './dashboard/events.js';
import { options, type DashboardOptions } from './dashboard/options.js';
import { RemoteControl } from './dashboard/remote-control.js';

type Context = SteererContext<DashboardEvents>;

/** For the browsers to take the last page: one on this machine takes some ten ms. */
const lastPageMs = 1000;

/**
 * Serves a page that shows the training while it runs: the page of a report, updated once a second. It is served from a
 * thread of its own, so that it answers during a long step, and a slow browser, or none, holds nothing up.
 *
 * - It listens on this machine alone, unless `host` says otherwise; other sites cannot read it.
 * - With `allowControl` the training can be paused between two steps, resumed, stopped, and given another learning rate.
 *   It takes the token that is printed with the address. A learning rate holds until a schedule sets the next one.
 * - Paused time counts neither as the plugin's nor as the loop's. Whatever is done from the page is an event, too.
 * - A dashboard that fails is disabled, and the training goes on: a paused one, too.
 *
 * @example
 * new Trainer({ model, loss, plugins: [dashboard({ allowControl: true })] });
 */
export const dashboard = definePlugin({
  name: 'dashboard',
  summary: 'Serves a page that shows the training while it runs, and can pause, stop and steer it.',
  role: 'steer',
  enforce: 'post',
  onError: 'disable',
  codeOnly: ['token'],
  options,
  events,
  hooks: (given) => {
    /** Of the fit under way. */
    let fit: { readonly taken: TakenPage; readonly control: RemoteControl | undefined } | undefined;
    let opening: Promise<TakenPage> | undefined;
    let early: Parameters<TakenPage['page']['hear']>[0][] = [];
    let wasAnnounced = false;

    const end = (): void => {
      const ended = fit;
      fit = undefined;
      ended?.control?.end();
      if (ended !== undefined) leave(ended.taken, given.after);
    };

    return {
      setup(_info, context) {
        early = [];
        wasAnnounced = false;
        // While it starts, the model is made and the data is looked at.
        opening = open(given);
        opening.catch(() => undefined);
        context.listen((event) => {
          if (fit === undefined) early.push(event);
          else fit.taken.page.hear(event);
          if (event.event === 'run-start') wasAnnounced = true;
          // After teardown comes the event that says how the run ended.
          if (event.event === 'run-end') end();
        });
      },
      async fitStart(_info, context: Context) {
        const taken = await opening;
        if (taken === undefined) return;
        const { page, token } = taken;
        const control = token === null ? undefined : new RemoteControl(context, (state) => page.state(state));
        page.control(control === undefined ? undefined : (action) => control.act(action));
        page.onGone((why) => {
          control?.release();
          if (fit !== undefined) context.emit('dashboard-lost', { message: why }, { level: 'warn' });
        });
        fit = { taken, control };
        opening = undefined;
        for (const event of early.splice(0)) page.hear(event);
        announce(taken, given);
        context.emit('dashboard', { url: page.url, port: page.port, control: token !== null });
      },
      stepEnd() {
        return fit?.control?.betweenSteps();
      },
      async teardown() {
        // A fit that ended before it began.
        const unused = await opening?.catch(() => undefined);
        opening = undefined;
        early = [];
        if (unused !== undefined) leave(unused, given.after);
        fit?.control?.end();
        if (fit === undefined || wasAnnounced) return;
        end();
      },
    };
  },
});

const open = ({ host, port, hosts, allowControl, token, title }: DashboardOptions): Promise<TakenPage> =>
  takePage({ host, port, hosts, token: allowControl ? (token?.() ?? newToken()) : null, title: title ?? basename(process.argv[1] ?? 'training') }, token !== undefined);

/** Sends the last page, which nothing waits for but the end of the process. */
function leave(taken: TakenPage, after: DashboardOptions['after']): void {
  const { page } = taken;
  page.control(undefined);
  page.onGone(undefined);
  if (after !== 'close') taken.leave();
  void page.flush(lastPageMs).then(() => {
    if (after === 'hold') page.hold();
    if (after === 'close') return taken.close();
    return undefined;
  });
}

function announce({ page, token, isReused }: TakenPage, { print, token: given, open: wantsBrowser }: DashboardOptions): void {
  if (isReused) return;
  const isUnknown = token !== null && given === undefined;
  if (print === true || (print === 'auto' && (process.stderr.isTTY || isUnknown))) {
    for (const warning of page.warnings) process.stderr.write(`dashboard: ${warning}\n`);
    process.stderr.write(`dashboard: ${page.url}${isUnknown ? `#token=${token}` : ''}\n`);
  }
  if (wantsBrowser) openBrowser(page.url, (message) => process.stderr.write(`dashboard: ${message}\n`));
}

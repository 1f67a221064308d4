import type { ReportModel } from '../model.js';
import { h } from './dom.js';
import { digits } from './numbers.js';

/** What the server says of itself in the page. */
export interface LiveParts {
  readonly events: string;
  readonly control: { readonly path: string } | null;
}

interface ControlState {
  readonly paused: boolean;
  readonly learningRate: number | null;
  readonly ended: boolean;
}

const tokenKey = 'trainscope-token';

/** The token of the address after #token=, which is taken out of it at once: an address is shown, kept and shared. */
function tokenOfAddress(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return null;
  sessionStorage.setItem(tokenKey, token);
  history.replaceState(null, '', location.pathname + location.search);
  return token;
}

/** Follows a training under way, and steers it where that is allowed. */
export function follow({ events, control }: LiveParts, update: (model: ReportModel) => void): HTMLElement {
  const state = h('span', { class: 'state', role: 'status' }, 'connecting…');
  const said = h('span', { class: 'said', role: 'status', 'aria-live': 'polite' });
  const controls = control === null ? null : controlsOf(control.path, said);
  let hasEnded = false;
  let isHeld = false;
  const tell = (): void => {
    state.textContent = hasEnded ? 'ended' : isHeld ? 'paused' : 'live';
  };
  const source = new EventSource(events);
  source.addEventListener('open', tell);
  source.addEventListener('error', () => {
    state.textContent = hasEnded ? 'ended' : source.readyState === EventSource.CLOSED ? 'not connected' : 'connecting again…';
  });
  source.addEventListener('model', (event) => {
    const model = JSON.parse((event as MessageEvent<string>).data) as ReportModel;
    hasEnded = model.runs.every(({ status }) => status !== 'running');
    tell();
    controls?.enable(!hasEnded);
    update(model);
  });
  source.addEventListener('control', (event) => {
    const stand = JSON.parse((event as MessageEvent<string>).data) as ControlState;
    isHeld = stand.paused;
    tell();
    controls?.show(stand);
  });
  return h('section', { class: 'live', 'aria-label': 'Live' }, h('span', { class: 'pulse', 'aria-hidden': 'true' }), state, controls === null ? h('span', { class: 'muted' }, 'This page can only look.') : controls.element, said);
}

function controlsOf(path: string, said: HTMLElement): { readonly element: HTMLElement; enable: (isOn: boolean) => void; show: (state: ControlState) => void } {
  let token = tokenOfAddress() ?? sessionStorage.getItem(tokenKey);
  let isPaused = false;
  const ask = h('form', { class: 'token', hidden: token !== null, onsubmit: (event) => {
      event.preventDefault();
      token = field.value.trim();
      sessionStorage.setItem(tokenKey, token);
      ask.hidden = true;
      said.textContent = '';
    } });
  const field = h('input', { type: 'password', autocomplete: 'off', required: true, 'aria-label': 'Token, as the training printed it', placeholder: 'token' });
  ask.append(field, h('button', { type: 'submit' }, 'Unlock'));
  const send = async (action: string, value?: number): Promise<void> => {
    if (token === null) {
      ask.hidden = false;
      field.focus();
      return;
    }
    try {
      const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body: JSON.stringify({ action, ...(value === undefined ? {} : { value }) }) });
      if (response.status === 401) {
        token = null;
        sessionStorage.removeItem(tokenKey);
        ask.hidden = false;
        field.focus();
        said.textContent = 'The token is not right.';
      } else said.textContent = ((await response.json()) as { readonly message: string }).message;
    } catch {
      said.textContent = 'The training does not answer.';
    }
  };
  const pause = h('button', { type: 'button', onclick: () => void send(isPaused ? 'resume' : 'pause') }, 'Pause');
  const stop = h('button', { type: 'button', class: 'danger', onclick: () => {
      if (window.confirm('Stop the training? It ends after the step under way.')) void send('stop');
    } }, 'Stop');
  const rate = h('input', { type: 'text', inputmode: 'decimal', size: 9, 'aria-label': 'Learning rate' });
  const set = h('form', { class: 'rate', onsubmit: (event) => {
      event.preventDefault();
      const value = Number(rate.value);
      if (rate.value.trim() === '' || !(value >= 0) || !Number.isFinite(value)) said.textContent = 'A learning rate is a number from 0.';
      else void send('learning-rate', value);
    } }, h('label', {}, 'Learning rate ', rate), h('button', { type: 'submit' }, 'Set'));
  return {
    element: h('div', { class: 'controls' }, ask, pause, stop, set),
    enable(isOn) {
      for (const each of [pause, stop, rate, ...set.querySelectorAll('button')]) each.disabled = !isOn;
    },
    show({ paused, learningRate, ended }) {
      isPaused = paused;
      pause.textContent = paused ? 'Resume' : 'Pause';
      pause.setAttribute('aria-pressed', String(paused));
      // Not while someone types.
      if (learningRate !== null && document.activeElement !== rate) rate.value = digits(learningRate);
      this.enable(!ended);
    },
  };
}

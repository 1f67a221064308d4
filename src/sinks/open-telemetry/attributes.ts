import type { Attributes } from '@opentelemetry/api';
import { encodeNumbers, type CoreEvent, type TrainscopeEvent } from '../../events/index.js';

/**
 * An event as attributes of a span event: `trainscope.` and the path in its data, so far as it holds single values.
 * What has a name in OpenTelemetry's semantic conventions has that (exception.*, error.type).
 */
export function eventAttributes(event: TrainscopeEvent): Attributes {
  const attributes: Attributes = { 'trainscope.seq': event.seq, 'trainscope.step': event.step, ...(event.plugin === null ? {} : { 'trainscope.plugin': event.plugin }) };
  flatten(encodeNumbers(event.data), 'trainscope', attributes);
  if (event.event.endsWith('-error')) {
    const { message, stack, code } = event.data;
    if (typeof message === 'string') attributes['exception.message'] = message;
    if (typeof stack === 'string') attributes['exception.stacktrace'] = stack;
    if (typeof code === 'string') attributes['error.type'] = code;
    delete attributes['trainscope.message'];
    delete attributes['trainscope.stack'];
    delete attributes['trainscope.code'];
  }
  return attributes;
}

function flatten(value: unknown, path: string, into: Attributes): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') into[path] = value;
  else if (typeof value === 'object' && value !== null && !Array.isArray(value)) for (const [key, child] of Object.entries(value)) flatten(child, `${path}.${key}`, into);
}

/** What is known of a run at its start. The configuration is its hash alone: it may hold what should not leave. */
export function runAttributes(event: Extract<CoreEvent, { event: 'run-start' | 'resume' }>): Attributes {
  const common = {
    'trainscope.run_id': event.runId,
    'trainscope.configuration_hash': event.data.configurationHash,
    'trainscope.platform': event.data.platform,
    'trainscope.version': event.data.versions.trainscope,
    'trainscope.tfjs_version': event.data.versions.tfjs,
  };
  if (event.event === 'resume') {
    return { ...common, 'trainscope.backend': event.data.backend, 'trainscope.resume.checkpoint': event.data.checkpoint, 'trainscope.resume.attempt': event.data.attempt, 'trainscope.step': event.step };
  }
  const { backend, model, loss, fit, epochs, seed } = event.data;
  return {
    ...common,
    'trainscope.backend': backend.name,
    'trainscope.model.kind': model.kind,
    'trainscope.model.parameters': model.parameters,
    'trainscope.loss': loss,
    'trainscope.fit': fit,
    'trainscope.epochs_planned': epochs,
    ...(seed === null ? {} : { 'trainscope.seed': seed }),
  };
}

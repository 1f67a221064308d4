import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/*
 * The messages of TensorFlow that an event file consists of, by their field numbers: tensorflow/core/util/event.proto,
 * tensorflow/core/framework/summary.proto, tensor.proto, tensor_shape.proto and types.proto.
 */

type Message = (writer: BinaryWriter) => void;

export const message = (...parts: readonly Message[]): Uint8Array => {
  const writer = new BinaryWriter();
  for (const part of parts) part(writer);
  return writer.finish();
};
export const bytes = (field: number, value: Uint8Array): Message => (writer) => writer.tag(field, WireType.LengthDelimited).bytes(value);
export const string = (field: number, value: string): Message => (writer) => writer.tag(field, WireType.LengthDelimited).string(value);
export const double = (field: number, value: number): Message => (writer) => writer.tag(field, WireType.Bit64).double(value);
const float = (field: number, value: number): Message => (writer) => writer.tag(field, WireType.Bit32).float(value);
export const integer = (field: number, value: number): Message => (writer) => writer.tag(field, WireType.Varint).int64(value);

/** DataType of types.proto. */
const types = { float: 1, double: 2, string: 7 } as const;
/** DataClass of summary.proto. */
const classes = { tensor: 2, blobSequence: 3 } as const;

/** TensorProto: dtype 1, tensor_shape 2 (dim 2: size 1), tensor_content 4, string_val 8. */
function tensor(type: keyof typeof types, shape: readonly number[], ...content: readonly Message[]): Uint8Array {
  const dims = shape.map((size) => bytes(2, message(integer(1, size))));
  return message(integer(1, types[type]), bytes(2, message(...dims)), ...content);
}

/** SummaryMetadata: plugin_data 1 (plugin_name 1, content 2), summary_description 3, data_class 4. */
function metadata(plugin: string, dataClass: keyof typeof classes, content: Uint8Array = new Uint8Array(0)): Uint8Array {
  return message(bytes(1, message(string(1, plugin), ...(content.length === 0 ? [] : [bytes(2, content)]))), integer(4, classes[dataClass]));
}

/** A Summary.Value: tag 1, simple_value 2, tensor 8, metadata 9. */
export type SummaryValue = Uint8Array;

/** The old form, simple_value, which all readers know; the values are float32. */
export const scalarValue = (tag: string, value: number): SummaryValue => message(string(1, tag), float(2, value));

/** Rows of [left edge, right edge, count], as tf.summary.histogram of TensorFlow 2 has them (tensorboard/plugins/histogram). */
export function histogramValue(tag: string, rows: readonly (readonly [number, number, number])[]): SummaryValue {
  const content = Buffer.alloc(rows.length * 24);
  rows.flat().forEach((value, i) => content.writeDoubleLE(value, i * 8));
  return message(string(1, tag), bytes(8, tensor('double', [rows.length, 3], bytes(4, content))), bytes(9, metadata('histograms', 'tensor')));
}

/** Markdown (tensorboard/plugins/text). */
export const textValue = (tag: string, markdown: string): SummaryValue =>
  message(string(1, tag), bytes(8, tensor('string', [], string(8, markdown))), bytes(9, metadata('text', 'tensor')));

/** One PNG: width and height as text, and the file (tensorboard/plugins/image). */
export const imageValue = (tag: string, width: number, height: number, png: Uint8Array): SummaryValue =>
  message(
    string(1, tag),
    bytes(8, tensor('string', [3], string(8, String(width)), string(8, String(height)), bytes(8, png))),
    bytes(9, metadata('images', 'blobSequence')),
  );

/** Plugin data of hparams; the tensor is empty, as TensorBoard's own (tensorboard/plugins/hparams/metadata.py, NULL_TENSOR). */
export const hparamsValue = (tag: string, content: Uint8Array): SummaryValue =>
  message(string(1, tag), bytes(8, tensor('float', [0])), bytes(9, metadata('hparams', 'tensor', content)));

/** An Event: wall_time 1, step 2, and file_version 3, summary 5 (value 1) or session_log 7 (status 1). */
const event = (seconds: number, step: number, what: Message): Uint8Array => message(double(1, seconds), integer(2, step), what);

/** The first record of a file. `source_metadata` says who wrote it. */
export const versionEvent = (seconds: number): Uint8Array =>
  message(double(1, seconds), string(3, 'brain.Event:2'), bytes(10, message(string(1, 'trainscope'))));

export const summaryEvent = (seconds: number, step: number, values: readonly SummaryValue[]): Uint8Array =>
  event(seconds, step, bytes(5, message(...values.map((value) => bytes(1, value)))));

/** SessionLog START: what stands in earlier files of the run at this step and later counts no more. */
export const restartEvent = (seconds: number, step: number): Uint8Array => event(seconds, step, bytes(7, message(integer(1, 1))));

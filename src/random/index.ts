export { RandomStream, type RandomState } from './stream.js';
export { RandomStreams, type RandomStreamsState } from './streams.js';

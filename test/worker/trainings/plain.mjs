// JavaScript, without trainscope: a training may be anything that returns plain data.
export default ({ data }) => ({ doubled: data.values.map((value) => value * 2), buffer: data.buffer, nan: Number.NaN });

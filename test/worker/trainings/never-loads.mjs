await new Promise(() => undefined);
export default () => 1;

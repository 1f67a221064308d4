import './no-such-file.js';
export default () => 1;

module.exports = ({ data }) => `common ${data}`;

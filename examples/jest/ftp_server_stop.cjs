module.exports = () => globalThis.ftpServer.stop();

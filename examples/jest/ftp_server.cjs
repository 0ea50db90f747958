const { startFixture } = require("denoftpd");

module.exports = async () => {
  globalThis.ftpServer = await startFixture({ users: { test: "secret" }, tls: true });
  // The processes that run the tests have it in their environment.
  process.env.FTP_CONTROL = globalThis.ftpServer.control;
};

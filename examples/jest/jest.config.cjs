// One server for all test files:  npx jest

module.exports = { globalSetup: "./ftp_server.cjs", globalTeardown: "./ftp_server_stop.cjs" };

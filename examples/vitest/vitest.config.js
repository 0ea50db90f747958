// One server for all test files:  npx vitest run

export default { test: { globalSetup: "./ftp_server.js" } };

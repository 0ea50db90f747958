import { startFixture } from "denoftpd";

export default async function setup({ provide }) {
  const server = await startFixture({ users: { test: "secret" }, tls: true });
  provide("ftp", server.control);
  return () => server.stop();
}

/** The names this server answers to; everything else is somebody else's page trying to reach it (DNS rebinding). */
export interface OwnNames {
  /** Exact `Host` values, lower case. */
  hosts: ReadonlySet<string>;
  /** Exact `Origin` values. */
  origins: ReadonlySet<string>;
}

/**
 * Loopback under our port, always, and what the configuration adds: under our port, or under the usual ones, where a
 * reverse proxy stands. A list of exact strings, so that no other spelling of an address (user-info, trailing dot,
 * decimal or octal IPv4) needs to be known in order to be refused.
 */
export function ownNames(port: number, hostNames: readonly string[]): OwnNames {
  const loopback = ["127.0.0.1", "localhost", "[::1]"];
  const names = hostNames.map((name) => name.toLowerCase());
  return {
    hosts: new Set([
      ...loopback.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])),
      ...names.flatMap((name) => [name, `${name}:80`, `${name}:443`, `${name}:${port}`]),
    ]),
    origins: new Set([
      ...loopback.map((name) => origin("http", name, port)),
      ...names.flatMap((name) => [`http://${name}`, `https://${name}`, origin("http", name, port), origin("https", name, port)]),
    ]),
  };
}

/** A browser leaves out the port that the scheme implies. */
function origin(scheme: "http" | "https", name: string, port: number): string {
  return port === (scheme === "http" ? 80 : 443) ? `${scheme}://${name}` : `${scheme}://${name}:${port}`;
}

// The environment of a CLI is made from an allow-list: an agent can do what its user can do in a terminal, but never
// learns what else the supervisor was started with. LD_*, NODE_OPTIONS and base URLs pass only when a CLI's own
// description names them.

const BASE = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_*", "TZ"];
const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"];
const CERTIFICATES = ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"];
const SSH_AGENT = ["SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH_COMMAND"];
const FAMILIES = [...BASE, ...PROXIES, ...CERTIFICATES, ...SSH_AGENT, "XDG_*"];

/** No colours, no cursor movements: the output is read by a program first. */
const PLAIN_OUTPUT = { TERM: "dumb", NO_COLOR: "1" };

export interface EnvironmentOrder {
  /** Names or NAME_* patterns besides the families. */
  pass: string[];
  /** The CLI's own variables. */
  own: Record<string, string>;
  /** What marks the execution; nothing may change these. */
  marks: Record<string, string>;
}

export function cliEnvironment(source: NodeJS.ProcessEnv, order: EnvironmentOrder): Record<string, string> {
  const names = [...FAMILIES, ...order.pass];
  const exact = new Set(names.filter((name) => !name.endsWith("*")));
  const prefixes = names.filter((name) => name.length > 1 && name.endsWith("*")).map((name) => name.slice(0, -1));
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined && (exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix)))) passed[name] = value;
  }
  return { ...passed, ...PLAIN_OUTPUT, ...order.own, ...order.marks };
}

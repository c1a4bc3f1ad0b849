import type { Response } from "./request-facts.ts";

const POWERFUL_FEATURES = [
  "accelerometer",
  "autoplay",
  "camera",
  "display-capture",
  "encrypted-media",
  "geolocation",
  "gyroscope",
  "hid",
  "magnetometer",
  "microphone",
  "midi",
  "payment",
  "picture-in-picture",
  "publickey-credentials-get",
  "screen-wake-lock",
  "serial",
  "usb",
  "xr-spatial-tracking",
];

/** For everything that is not the app's page: should a browser ever show it, it can do nothing. */
const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

const ON_EVERYTHING: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Frame-Options": "DENY",
  "Permissions-Policy": POWERFUL_FEATURES.map((feature) => `${feature}=()`).join(", "),
  "Content-Security-Policy": NOTHING,
};

/** Goes on every response before anything else happens to it. */
export function setSecurityHeaders(response: Response): void {
  for (const [name, value] of Object.entries(ON_EVERYTHING)) response.setHeader(name, value);
}

/** The same for a response that is written to a bare socket. */
export function securityHeaderLines(): string {
  return Object.entries(ON_EVERYTHING)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}

/** What holds for the app's page whatever it says itself. */
const PAGE: Readonly<Record<string, string>> = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data: blob:",
  "font-src": "'self'",
  "connect-src": "'self'",
  "worker-src": "'self'",
  "manifest-src": "'self'",
  "form-action": "'self'",
  "base-uri": "'none'",
  "object-src": "'none'",
  "frame-src": "'none'",
  // Means nothing inside a page.
  "frame-ancestors": "'none'",
};

/**
 * Policy of the app's page. Its only inline script is the one that boots it; SvelteKit writes that script's hash into the
 * policy in the page's head, and both policies have to allow it. Styles and trusted types are the page's business, too.
 */
export function pagePolicy(html: string): string {
  const own = /http-equiv="content-security-policy" content="([^"]*)"/i.exec(html)?.[1] ?? "";
  const said = Object.fromEntries(own.split(";").map((directive) => directive.trim().split(/ (.*)/, 2))) as Record<string, string>;
  const hashes = said["script-src"]?.match(/'sha256-[A-Za-z0-9+/=]+'/g) ?? [];
  const policy = { ...PAGE, "script-src": ["'self'", ...hashes].join(" ") };
  for (const name of ["style-src", "require-trusted-types-for", "trusted-types"])
    Object.assign(policy, said[name] && { [name]: said[name] });
  return Object.entries(policy)
    .map((directive) => directive.join(" "))
    .join("; ");
}

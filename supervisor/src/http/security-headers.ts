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

/**
 * Policy of the app's page. Its only inline script is the one that boots it; SvelteKit writes that script's hash into the
 * policy in the page's head, and both policies have to allow it. Styles stay open: components set them on elements.
 */
export function pagePolicy(html: string): string {
  const own = /script-src ([^;"]*)/.exec(html)?.[1] ?? "";
  const hashes = own.match(/'sha256-[A-Za-z0-9+/=]+'/g) ?? [];
  return [
    "default-src 'none'",
    ["script-src 'self'", ...hashes].join(" "),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

// Command lines are kept for audit, and people put keys on command lines.
const SECRET_FLAG = /^--?[\w-]*(key|token|secret|passw|credential)[\w-]*$/i;
const SECRET_ASSIGNMENT = /^((?:--?)?[\w-]*(?:key|token|secret|passw|credential)[\w-]*=).+$/i;
const SECRET_SHAPE = /\b(sk-|ghp_|gho_|github_pat_|glpat-|xox[abp]-|AIza)[\w-]{12,}/g;
const MASK = "***";

/** The arguments with everything that looks like a secret, or is one of the given values, replaced. */
export function maskSecrets(args: string[], secrets: string[] = []): string[] {
  const known = secrets.filter((value) => value.length >= 8);
  return args.map((arg, at) => {
    if (SECRET_FLAG.test(args[at - 1] ?? "") && !arg.startsWith("-")) return MASK;
    const masked = arg.replace(SECRET_ASSIGNMENT, `$1${MASK}`).replace(SECRET_SHAPE, `$1${MASK}`);
    return known.reduce((text, value) => text.replaceAll(value, MASK), masked);
  });
}

/** Values of those variables whose names say that they are secret. */
export function secretValues(env: Record<string, string>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (/key|token|secret|passw|credential/i.test(name) ? [value] : []));
}

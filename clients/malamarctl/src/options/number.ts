import { InvalidArgumentError } from "commander";

/** A whole number from 0 up. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return Number(text);
}

/** The same for the 64-bit numbers of the contract. */
export function wholeBigint(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return BigInt(text);
}

import type { Response } from "./request-facts.ts";

/** Answers with a JSON object. Answers of the program itself are never cached. */
export function replyJson(response: Response, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.setHeader("Content-Type", "application/json");
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("Content-Length", Buffer.byteLength(text));
  response.writeHead(status);
  response.end(text);
}

/** Answers in the shape that Connect gives its errors, so that every client finds the sentence in the same place. */
export function replyRefusal(response: Response, status: number, code: string, message: string): void {
  replyJson(response, status, { code, message });
}

// What agents, CLIs and other people wrote must not steer the reader's terminal: no colours, titles, cursor moves, links or answers to
// queries, nothing that turns the order of letters round unseen. Everything printed goes through here, except raw logs into a pipe.

// A control string (title, link, device command) swallows what follows up to its terminator. Without one a terminal would wait for ever,
// so then only the introducer goes and the text stays readable.
const CONTROL_STRING = /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])([^\u0007\u001b\u009c]*)(\u0007|\u001b\\|\u009c)?/g;
const CONTROL_SEQUENCE = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g;
const ESCAPE_SEQUENCE = /\u001b[ -/]*[0-~]/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text of several lines for a terminal: keeps line ends and tabs, no other control character survives. */
export function cleanText(text: string): string {
  return text
    .replace(CONTROL_STRING, (_all, body: string, end: string | undefined) => (end === undefined ? body : ""))
    .replace(CONTROL_SEQUENCE, "")
    .replace(ESCAPE_SEQUENCE, "")
    .replace(CONTROL, "")
    .replace(BIDI, (mark) => `<U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);
}

/** The same for one line: line ends become visible, so that a name cannot fake a second row. */
export function cleanLine(text: string): string {
  return cleanText(text).replaceAll("\n", "\\n").replaceAll("\t", " ");
}

/** For JSON and YAML strings, in which the same characters can be written as escapes: nothing is lost, nothing takes effect. */
export function escapeInQuotes(document: string): string {
  return document.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// A single-page app: every page is drawn in the browser from what the supervisor answers.
export const ssr = false;

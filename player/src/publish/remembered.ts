/** Edge: what was chosen last time, kept in the browser; it may not let us, and then nothing is remembered. */

const KEY = "tandem.publish";

/** A query as `printQuery` makes it; empty if there is none. */
export function recall(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export function remember(query: string): void {
  try {
    localStorage.setItem(KEY, query);
  } catch {
    // not allowed, or full
  }
}

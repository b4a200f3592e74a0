/** Edge: `window.tandem`, through which tests and benches read what a page measures. */

export interface Tandem {
  readonly role: "index" | "publish" | "watch" | "compare" | "recordings";
  ready: boolean;
  /** Everything measured, as plain JSON. */
  stats(): unknown;
  /** Forget what was measured so far. */
  reset(): void;
}

declare global {
  interface Window {
    tandem?: Tandem;
  }
}

export function expose(tandem: Tandem): Tandem {
  window.tandem = tandem;
  return tandem;
}

/** Pure: stream names, as the node allows them (`infra/ids.py`). */

export const NAME_MAX_CHARS = 64;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

export const NAME_RULE = "1 to 64 of A-Z a-z 0-9 _ - . and the first one is not - or .";

export function isStreamName(text: string): boolean {
  return NAME.test(text);
}

/** What a viewer's token puts before every path of its stream: `/t/TOKEN`; empty if the page was opened without. */
export function tokenPrefixOfPath(path: string): string {
  return /^\/t\/[^/]+/.exec(path)?.[0] ?? "";
}

/** The stream a page's path is about: `/watch/NAME`, `/compare/NAME`, `/embed/NAME`, `/publish/NAME`, with or without a token; null if none. */
export function streamOfPath(path: string): string | null {
  const name = /^(?:\/t\/[^/]+)?\/(?:watch|compare|embed|publish)\/([^/]+)\/?$/.exec(path)?.[1];
  return name !== undefined && isStreamName(name) ? name : null;
}

/** Whether a host name means the machine that asks: nobody else can follow a link to it. */
export function isThisMachine(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** Pure: trickle fragments (RFC 8840) that restart ICE: ours out of an offer, the node's into its answer. */

export const FRAGMENT = "application/trickle-ice-sdpfrag";

const CREDENTIALS = /^a=ice-(ufrag|pwd):/;
const CANDIDATE = /^a=candidate:/;

/** The new ICE session of an offer: credentials and the section that carries the BUNDLE (RFC 9725 4.3.3). */
export function fragmentOf(offer: string): string {
  const lines = linesOf(offer);
  const first = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).slice(0, 1);
  return [
    ...first(/^a=group:BUNDLE /),
    ...first(/^a=ice-ufrag:/),
    ...first(/^a=ice-pwd:/),
    ...first(/^m=/),
    ...first(/^a=mid:/),
  ]
    .map((line) => `${line}\r\n`)
    .join("");
}

/** The answer before, with the ICE session of the node's fragment: only its candidates count now. */
export function withIceOf(answer: string, fragment: string): string {
  const news = linesOf(fragment);
  const candidates = news.filter((line) => CANDIDATE.test(line));
  const lines: string[] = [];
  for (const line of linesOf(answer)) {
    const name = CREDENTIALS.exec(line)?.[0];
    if (name !== undefined) lines.push(news.find((each) => each.startsWith(name)) ?? line);
    else if (!CANDIDATE.test(line)) lines.push(line);
    else if (!CANDIDATE.test(lines.at(-1) ?? "")) lines.push(...candidates);
  }
  return lines.map((line) => `${line}\r\n`).join("");
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== "");
}

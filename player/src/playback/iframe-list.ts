/** Pure: the I-frames of a live stream, as its playlists list them (rfc8216bis 4.4.3.6, 4.4.6.3). */

export interface IframeStream {
  readonly uri: string;
  readonly codecs: string;
}

export interface Iframe {
  readonly uri: string;
  /** Of its init section. */
  readonly mapUri: string;
  /** Captured when, Unix time of the node in ms. */
  readonly dateMs: number;
}

/** The I-frame playlist with the smallest pictures of a multivariant playlist; null if there is none. */
export function smallestIframes(multivariant: string): IframeStream | null {
  let best: (IframeStream & { pixels: number }) | null = null;
  for (const line of linesOf(multivariant)) {
    const attributes = attributesOf(line, "#EXT-X-I-FRAME-STREAM-INF:");
    const [uri, codecs] = [attributes?.get("URI"), attributes?.get("CODECS")];
    if (uri === undefined || codecs === undefined) continue;
    const [width = 0, height = 0] = (attributes?.get("RESOLUTION") ?? "").split("x").map(Number);
    const pixels = width * height;
    if (best === null || pixels < best.pixels) best = { uri, codecs, pixels };
  }
  return best && { uri: best.uri, codecs: best.codecs };
}

/** The listed I-frames, oldest first; those whose instant is not known, and gaps, are left out. */
export function parseIframes(playlist: string): readonly Iframe[] {
  const found: Iframe[] = [];
  let [mapUri, dateMs, duration_s, gap] = ["", NaN, 0, false];
  for (const line of linesOf(playlist)) {
    if (line.startsWith("#EXT-X-MAP:")) mapUri = attributesOf(line, "#EXT-X-MAP:")?.get("URI") ?? "";
    else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) dateMs = Date.parse(line.slice(line.indexOf(":") + 1));
    else if (line.startsWith("#EXTINF:")) duration_s = Number.parseFloat(line.slice("#EXTINF:".length)) || 0;
    else if (line === "#EXT-X-GAP") gap = true;
    else if (!line.startsWith("#")) {
      if (!gap && mapUri !== "" && !Number.isNaN(dateMs)) found.push({ uri: line, mapUri, dateMs });
      dateMs += duration_s * 1000;
      gap = false;
    }
  }
  return found;
}

/** The I-frame that is shown at an instant: the last one before it, else the first; null of none. */
export function iframeAt(iframes: readonly Iframe[], dateMs: number): Iframe | null {
  return iframes.findLast((iframe) => iframe.dateMs <= dateMs) ?? iframes[0] ?? null;
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function attributesOf(line: string, tag: string): ReadonlyMap<string, string> | null {
  if (!line.startsWith(tag)) return null;
  const pairs = line.slice(tag.length).matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g);
  return new Map([...pairs].map(([, name = "", quoted, bare = ""]) => [name, quoted ?? bare]));
}

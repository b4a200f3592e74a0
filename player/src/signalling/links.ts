/** Pure: the headers of a WHIP or WHEP answer that say where to go on (RFC 9725 4.2, 4.6). */

/** Absolute URL of the resource that a Location header names; null if there is none to be used. */
export function resolveLocation(endpoint: string, location: string | null): string | null {
  if (location === null) return null;
  try {
    const url = new URL(location, endpoint);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** The ICE servers of a Link header field: those of `rel="ice-server"`. */
export function iceServersOfLink(header: string | null): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  for (const [, target = "", rest = ""] of (header ?? "").matchAll(
    /<([^>]*)>((?:\s*;\s*[\w-]+=(?:"[^"]*"|[^",;\s]*))*)/g,
  )) {
    const parameters = parametersOf(rest);
    if (parameters.get("rel") !== "ice-server" || !/^(stuns?|turns?):/.test(target)) continue;
    const [username, credential] = [parameters.get("username"), parameters.get("credential")];
    servers.push(
      username !== undefined && credential !== undefined
        ? { urls: [target], username, credential }
        : { urls: [target] },
    );
  }
  return servers;
}

function parametersOf(text: string): Map<string, string> {
  const pairs = [...text.matchAll(/;\s*([\w-]+)=(?:"([^"]*)"|([^",;\s]*))/g)];
  return new Map(pairs.map(([, name = "", quoted, bare]) => [name.toLowerCase(), quoted ?? bare ?? ""]));
}

/** Seconds of a Retry-After header given in seconds; null for none or a date. */
export function retryAfterOf(header: string | null): number | null {
  return header !== null && /^\d{1,5}$/.test(header.trim()) ? Number(header) : null;
}

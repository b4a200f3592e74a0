/** Pure: the paths that are compared, in their order, and which of them an address asks for. */

export const PATHS = ["whep", "hls", "plain"] as const;
export type Path = (typeof PATHS)[number];

/** The kind of waterfall that a path has; both kinds of HLS go through the same stages. */
export function waterfallOf(path: Path): "webrtc" | "hls" {
  return path === "whep" ? "webrtc" : "hls";
}

const CHOICE = "paths"; // of the address: ?paths=whep,hls
const ALL: ReadonlySet<Path> = new Set(PATHS);

export function isPath(text: unknown): text is Path {
  return PATHS.some((path) => path === text);
}

/** The name of a path; that of LL-HLS says at which latency profile, which is fixed for a session. */
export function titleOf(path: Path, profile: string): string {
  return { whep: "WebRTC", hls: profile === "" ? "LL-HLS" : `LL-HLS ${profile}`, plain: "Plain HLS" }[path];
}

/** What the query of an address asks for; all where it asks for nothing that there is. */
export function chosenPaths(query: string): ReadonlySet<Path> {
  const chosen = new Set((new URLSearchParams(query).get(CHOICE) ?? "").split(",").filter(isPath));
  return chosen.size > 0 ? chosen : ALL;
}

/** The query that asks for these, other questions of `query` kept; nothing is asked for all, and for none. */
export function queryOf(chosen: ReadonlySet<Path>, query: string): string {
  const questions = new URLSearchParams(query);
  const wanted = PATHS.filter((path) => chosen.has(path));
  if (wanted.length === 0 || wanted.length === PATHS.length) questions.delete(CHOICE);
  else questions.set(CHOICE, wanted.join(","));
  const text = questions.toString().replaceAll("%2C", ",");
  return text === "" ? "" : `?${text}`;
}

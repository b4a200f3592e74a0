/** Pure: what to publish and how, from the form or the page's query. */

export type SourceKind = "camera" | "screen" | "pattern" | "file";
export type CodecName = "H264" | "VP8";

export interface PublishOptions {
  readonly source: SourceKind;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly codec: CodecName;
  readonly bitrate_kbps: number;
  /** A file begins again at its end. */
  readonly loop: boolean;
}

/** Ids as the browser gives them; empty for its default. */
export interface Devices {
  readonly camera: string;
  readonly microphone: string;
}

/** The microphone of who wants none. */
export const NO_DEVICE = "none";

export const SIZES = [
  { width: 320, height: 180 },
  { width: 640, height: 360 },
  { width: 854, height: 480 },
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
] as const;
export const FRAME_RATES = [15, 25, 30, 60] as const;
export const BITRATE_KBPS = { least: 100, most: 15_000 } as const;

const SOURCES: readonly SourceKind[] = ["camera", "screen", "pattern", "file"];
const CODECS: readonly CodecName[] = ["H264", "VP8"];
const DEFAULTS: PublishOptions = {
  source: "camera",
  width: 1280,
  height: 720,
  framesPerSecond: 30,
  codec: "H264",
  bitrate_kbps: 2500,
  loop: false,
};
const BITS_PER_PIXEL = 0.09; // 2.5 Mbit/s at 720p30

/** A bit rate that suits a size and frame rate, in whole 100 kbit/s. */
export function suitedBitrate(width: number, height: number, framesPerSecond: number): number {
  const kbps = (width * height * framesPerSecond * BITS_PER_PIXEL) / 1000;
  return clamp(Math.round(kbps / 100) * 100, BITRATE_KBPS.least, BITRATE_KBPS.most);
}

/** The options of a query such as `source=pattern&width=640&height=360&fps=30&codec=VP8&bitrate=800`. */
export function parseOptions(query: URLSearchParams): PublishOptions {
  const width = even(numberOf(query.get("width"), DEFAULTS.width, 64, 3840));
  const height = even(numberOf(query.get("height"), DEFAULTS.height, 64, 2160));
  const framesPerSecond = numberOf(query.get("fps"), DEFAULTS.framesPerSecond, 5, 60);
  const suited = suitedBitrate(width, height, framesPerSecond);
  return {
    source: oneOf(query.get("source"), SOURCES, DEFAULTS.source),
    width,
    height,
    framesPerSecond,
    codec: oneOf(query.get("codec")?.toUpperCase() ?? null, CODECS, DEFAULTS.codec),
    bitrate_kbps: numberOf(query.get("bitrate"), suited, BITRATE_KBPS.least, BITRATE_KBPS.most),
    loop: query.get("loop") === "1",
  };
}

export function parseDevices(query: URLSearchParams): Devices {
  return { camera: query.get("camera") ?? "", microphone: query.get("microphone") ?? "" };
}

/** The query that says the same, to be remembered. */
export function printQuery(options: PublishOptions, devices: Devices): string {
  const { source, width, height, framesPerSecond, codec, bitrate_kbps, loop } = options;
  const fields = { source, width, height, fps: framesPerSecond, codec, bitrate: bitrate_kbps, loop: Number(loop) };
  return new URLSearchParams(
    Object.entries({ ...fields, ...devices }).map(([name, value]) => [name, String(value)]),
  ).toString();
}

/** What was remembered, and what the page's address asks for, which counts more. */
export function mergeQueries(remembered: string, asked: URLSearchParams): URLSearchParams {
  const merged = new URLSearchParams(remembered);
  if (["width", "height", "fps"].some((name) => asked.has(name))) merged.delete("bitrate"); // it suited another size
  for (const [name, value] of asked) merged.set(name, value);
  return merged;
}

/** By how much to divide a source's size so that it fits into the wanted one, upright or not; never enlarges. */
export function scaleDown(
  source: { readonly width?: number; readonly height?: number },
  wanted: { readonly width: number; readonly height: number },
): number {
  const { width = 0, height = 0 } = source;
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  const [wantedLong, wantedShort] = [Math.max(wanted.width, wanted.height), Math.min(wanted.width, wanted.height)];
  return Math.max(1, long / wantedLong, short / wantedShort);
}

function numberOf(text: string | null, otherwise: number, least: number, most: number): number {
  const value = text === null || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) ? clamp(Math.round(value), least, most) : otherwise;
}

function oneOf<T extends string>(text: string | null, allowed: readonly T[], otherwise: T): T {
  return allowed.find((each) => each === text) ?? otherwise;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

function even(pixels: number): number {
  return pixels - (pixels % 2); // 4:2:0 chroma
}

interface Codec {
  readonly mimeType: string;
  readonly sdpFmtpLine?: string;
}

/**
 * What to offer of what the browser can send: the wanted codec and what repairs losses. The node takes H.264 and VP8; the
 * other one is offered only by a browser that lacks the wanted one.
 */
export function chooseCodecs<T extends Codec>(offered: readonly T[], wanted: CodecName): T[] {
  const other = wanted === "H264" ? "VP8" : "H264";
  const video = [wanted, other].map((name) => offered.filter((codec) => isCodec(codec, name)));
  const chosen = video.find((codecs) => codecs.length > 0) ?? [];
  chosen.sort((one, another) => rank(one) - rank(another));
  return [...chosen, ...offered.filter((codec) => codec.mimeType.toLowerCase() === "video/rtx")];
}

function isCodec({ mimeType, sdpFmtpLine = "" }: Codec, name: string): boolean {
  if (mimeType.toUpperCase() !== `VIDEO/${name}`) return false;
  return name !== "H264" || sdpFmtpLine.includes("packetization-mode=1");
}

/** Constrained baseline first: every receiver decodes it. */
function rank({ sdpFmtpLine = "" }: Codec): number {
  return sdpFmtpLine.includes("profile-level-id=42e0") ? 0 : 1;
}

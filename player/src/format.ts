/** Pure: quantities as people read them. A dash stands for what is not known. */

export const UNKNOWN = "–";

export function formatLatency(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  return Math.abs(ms) < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export function formatBitrate(bps: number | null): string {
  if (bps === null) return UNKNOWN;
  return bps < 1e6 ? `${Math.round(bps / 1000)} kbit/s` : `${(bps / 1e6).toFixed(2)} Mbit/s`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

export function formatSize(width: number | null, height: number | null): string {
  return width && height ? `${width} × ${height}` : UNKNOWN;
}

export function formatSeconds(seconds: number | null): string {
  return seconds === null ? UNKNOWN : `${seconds.toFixed(2)} s`;
}

export function formatFrameRate(fps: number | null): string {
  return fps === null ? UNKNOWN : `${Math.round(fps * 10) / 10} fps`;
}

export function formatCount(count: number | null): string {
  return count === null ? UNKNOWN : String(count);
}

/** "2 viewers", "1 viewer". */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Whole seconds as `m:ss` or `h:mm:ss`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (part: number) => String(part).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Unix milliseconds as `hh:mm:ss.mmm`, UTC. */
export function formatClock(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(11, 23);
}

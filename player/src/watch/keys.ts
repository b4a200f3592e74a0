/** Pure: what the keys of the player do. */

export type Command =
  | { readonly kind: "play" | "mute" | "full screen" | "picture in picture" | "captions" | "live" | "start" | "help" }
  | { readonly kind: "volume"; readonly by: number }
  | { readonly kind: "seek"; readonly by_s: number };

export interface KeyPress {
  readonly key: string;
  /** With Control, Alt or Meta: the browser's. */
  readonly modified: boolean;
  /** What has the focus: a button takes Space and Enter itself, a field everything, a slider the arrows, Home and End. */
  readonly focus: "none" | "button" | "slider" | "field";
}

interface Binding {
  readonly keys: readonly string[];
  /** How the list names the keys. */
  readonly shown: string;
  readonly does: string;
  readonly command: Command;
}

const VOLUME_STEP = 0.05;

/** In the order of the list. */
export const BINDINGS: readonly Binding[] = [
  { keys: ["k", " "], shown: "Space or K", does: "Play or pause", command: { kind: "play" } },
  { keys: ["m"], shown: "M", does: "Sound on or off", command: { kind: "mute" } },
  { keys: ["ArrowUp"], shown: "↑", does: "Louder", command: { kind: "volume", by: VOLUME_STEP } },
  { keys: ["ArrowDown"], shown: "↓", does: "Quieter", command: { kind: "volume", by: -VOLUME_STEP } },
  { keys: ["ArrowLeft"], shown: "←", does: "Back 5 seconds", command: { kind: "seek", by_s: -5 } },
  { keys: ["ArrowRight"], shown: "→", does: "Forward 5 seconds", command: { kind: "seek", by_s: 5 } },
  { keys: ["j"], shown: "J", does: "Back 10 seconds", command: { kind: "seek", by_s: -10 } },
  { keys: ["l"], shown: "L", does: "Forward 10 seconds", command: { kind: "seek", by_s: 10 } },
  { keys: ["Home"], shown: "Home", does: "As far back as possible", command: { kind: "start" } },
  { keys: ["End"], shown: "End", does: "Back to live", command: { kind: "live" } },
  { keys: ["f"], shown: "F", does: "Full screen", command: { kind: "full screen" } },
  { keys: ["p"], shown: "P", does: "Picture in picture", command: { kind: "picture in picture" } },
  { keys: ["c"], shown: "C", does: "Captions on or off", command: { kind: "captions" } },
  { keys: ["?"], shown: "?", does: "This list", command: { kind: "help" } },
];

const OF_BUTTONS = new Set([" ", "Enter"]);
const OF_SLIDERS = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"]);

/** What a key press asks for; null if it is not for the player. */
export function commandOf({ key, modified, focus }: KeyPress): Command | null {
  if (modified || focus === "field") return null;
  if (focus === "button" && OF_BUTTONS.has(key)) return null;
  if (focus === "slider" && OF_SLIDERS.has(key)) return null;
  const named = key.length === 1 ? key.toLowerCase() : key;
  return BINDINGS.find(({ keys }) => keys.includes(named))?.command ?? null;
}

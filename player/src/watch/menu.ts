/** Edge: the settings of the player: way, quality, captions, each a group of radio buttons. */

import { formatBitrate } from "../format.ts";
import type { HlsPlayer } from "../playback/hls-player.ts";
import { make, setText } from "../ui/dom.ts";
import { PATHS, type Preference } from "./choice.ts";
import type { Director } from "./director.ts";
import type { Choices, View } from "./view.ts";
import { PATH_NAMES, pathLine } from "./words.ts";

interface Option {
  readonly value: string;
  readonly text: string;
}

export class Menu {
  readonly #view: View;
  readonly #director: Director;
  readonly #hls: HlsPlayer;
  readonly #listed = new Map<Choices, string>();

  constructor(view: View, director: Director, hls: HlsPlayer) {
    this.#view = view;
    this.#director = director;
    this.#hls = hls;
    const { menu, settings } = view;
    settings.button.addEventListener("click", () => this.toggle());
    onChoice(menu.path, (value) => director.prefer(value as Preference));
    onChoice(menu.quality, (value) => hls.choose(Number(value)));
    onChoice(menu.captions, (value) => hls.chooseCaptions(Number(value)));
    document.addEventListener("pointerdown", ({ target }) => {
      const inside = target instanceof Node && (menu.panel.contains(target) || settings.button.contains(target));
      if (!inside) this.close();
    });
    menu.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
      settings.button.focus();
    });
  }

  get open(): boolean {
    return !this.#view.menu.panel.hidden;
  }

  toggle(): void {
    if (this.open) return this.close();
    this.show();
    this.#view.menu.panel.hidden = false;
    this.#view.settings.button.setAttribute("aria-expanded", "true");
    this.#view.menu.panel.querySelector<HTMLInputElement>("input:checked")?.focus();
  }

  close(): void {
    this.#view.menu.panel.hidden = true;
    this.#view.settings.button.setAttribute("aria-expanded", "false");
  }

  /** Captions off, or the first of them on. */
  toggleCaptions(): void {
    if (this.#hls.captions.length > 0) this.#hls.chooseCaptions(this.#hls.caption >= 0 ? -1 : 0);
  }

  show(): void {
    const { menu } = this.#view;
    const { offered, current, next, choice } = this.#director;
    const ways = PATHS.filter((path) => offered.includes(path) || path === choice.preference);
    const auto = { value: "auto", text: "Automatic" };
    this.#list(menu.path, [auto, ...ways.map((path) => ({ value: path, text: PATH_NAMES[path] }))], choice.preference);
    setText(menu.pathLine, pathLine(current, choice.preference, next));
    this.#showQuality(current !== null && current !== "webrtc");
    const captions = this.#hls.captions.map((text, index) => ({ value: String(index), text }));
    menu.captions.group.hidden = captions.length === 0;
    this.#list(menu.captions, [{ value: "-1", text: "Off" }, ...captions], String(this.#hls.caption));
  }

  /** Over WebRTC there is what the publisher sends, and nothing to choose. */
  #showQuality(adaptive: boolean): void {
    const { quality } = this.#view.menu;
    const levels = adaptive ? this.#hls.levels.map((level, index) => ({ ...level, index })) : [];
    levels.sort((one, other) => other.bitrate - one.bitrate);
    const playing = levels.find(({ index }) => index === this.#hls.level);
    const auto = adaptive ? (playing === undefined ? "Automatic" : `Automatic (${playing.height}p)`) : "As published";
    const options = levels.map(({ height, bitrate, index }) => {
      return { value: String(index), text: `${height}p, ${formatBitrate(bitrate)}` };
    });
    this.#list(quality, [{ value: "-1", text: auto }, ...options], adaptive ? String(this.#hls.chosen) : "-1");
  }

  #list(choices: Choices, options: readonly Option[], chosen: string): void {
    const listed = JSON.stringify(options);
    if (this.#listed.get(choices) !== listed) {
      this.#listed.set(choices, listed);
      const focused = choices.list.contains(document.activeElement);
      choices.list.replaceChildren(...options.map((option) => radio(choices, option)));
      if (focused) choices.list.querySelector<HTMLInputElement>(`input[value="${chosen}"]`)?.focus();
    }
    const input = choices.list.querySelector<HTMLInputElement>(`input[value="${chosen}"]`);
    if (input !== null) input.checked = true;
  }
}

function radio(choices: Choices, { value, text }: Option): HTMLElement {
  const input = make("input");
  input.type = "radio";
  input.name = choices.group.querySelector("legend")?.textContent ?? "";
  input.value = value;
  return make("label", {}, input, make("span", { text }));
}

function onChoice(choices: Choices, act: (value: string) => void): void {
  choices.list.addEventListener("change", ({ target }) => target instanceof HTMLInputElement && act(target.value));
}

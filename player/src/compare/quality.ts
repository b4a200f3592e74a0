/** Edge: the menu of HLS qualities. */

import { formatBitrate } from "../format.ts";
import { make, setText } from "../ui/dom.ts";
import type { HlsPlayer } from "../playback/hls-player.ts";

export class QualityMenu {
  readonly #select: HTMLSelectElement;
  readonly #player: HlsPlayer;
  #listed = "";

  constructor(select: HTMLSelectElement, player: HlsPlayer) {
    this.#select = select;
    this.#player = player;
    select.addEventListener("change", () => player.choose(Number(select.value)));
  }

  show(): void {
    const levels = this.#player.levels;
    const listed = JSON.stringify(levels);
    if (listed !== this.#listed && levels.length > 0) {
      this.#listed = listed;
      this.#list();
    }
    const auto = this.#select.options[0];
    const playing = levels[this.#player.level];
    if (auto !== undefined) setText(auto, playing === undefined ? "Auto" : `Auto (${playing.height}p)`);
  }

  #list(): void {
    const chosen = this.#select.value;
    const levels = this.#player.levels.map((level, index) => ({ ...level, index }));
    levels.sort((one, other) => other.bitrate - one.bitrate);
    const options = levels.map(({ height, bitrate, index }) => {
      const option = make("option", { text: `${height}p, ${formatBitrate(bitrate)}` });
      option.value = String(index);
      return option;
    });
    const auto = make("option", { text: "Auto" });
    auto.value = "-1";
    this.#select.replaceChildren(auto, ...options);
    this.#select.value = levels.some(({ index }) => String(index) === chosen) ? chosen : "-1";
  }
}

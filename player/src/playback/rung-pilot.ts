/** Edge: hls.js asks `rung-rule.ts` for the rung while it loads part by part; for whole segments it has a rule of its own. */

import type Hls from "hls.js";
import type { AbrController, Events, FragLoadedData } from "hls.js";
import { RungRule } from "./rung-rule.ts";

const OWN_CHOICE = -1; // of hls.js

/** A controller for the configuration of an engine. Its emergency brake, which leaves a part that hardly comes, stays. */
export function rungPilot(Engine: typeof Hls): typeof AbrController {
  return class extends Engine.DefaultConfig.abrController {
    #rule: RungRule | null = null;
    #rates = "";
    #wanted = OWN_CHOICE;

    protected override onFragLoaded(event: Events.FRAG_LOADED, data: FragLoadedData): void {
      super.onFragLoaded(event, data);
      if (data.frag.type !== "main" || data.frag.sn === "initSegment") return;
      this.#wanted = data.part === null || !this.hls.lowLatencyMode ? OWN_CHOICE : this.#choose(data, data.part);
    }

    override get nextAutoLevel(): number {
      const theirs = super.nextAutoLevel;
      if (this.#wanted === OWN_CHOICE || this.forcedAutoLevel !== OWN_CHOICE) return theirs;
      return Math.max(this.hls.minAutoLevel, Math.min(this.hls.maxAutoLevel, this.#wanted));
    }

    override set nextAutoLevel(level: number) {
      super.nextAutoLevel = level;
    }

    #choose({ frag }: FragLoadedData, part: NonNullable<FragLoadedData["part"]>): number {
      const { start, first, end } = part.stats.loading;
      const rule = this.#ruleFor(this.hls.levels.map(({ bitrate }) => bitrate));
      const bits = part.stats.loaded * 8;
      if (bits > 0) rule.loaded({ bits, wait_s: (first - start) / 1000, transfer_s: (end - first) / 1000 });
      const details = this.hls.latestLevelDetails;
      const parts = details?.partList?.filter(({ fragment }) => fragment.sn === frag.sn).length ?? 0;
      const whole = details !== null && Number(frag.sn) <= details.endSN && part.index + 1 >= parts;
      const place = {
        rung: frag.level,
        part_s: part.duration,
        forward_s: this.hls.mainForwardBufferInfo?.len ?? 0,
        partsLoaded: whole ? 0 : part.index + 1,
        partsInSegment: Math.round((details?.targetduration ?? frag.duration) / part.duration),
      };
      return rule.choose(place, performance.now() / 1000);
    }

    /** Another ladder, another rule. */
    #ruleFor(rates_bps: readonly number[]): RungRule {
      if (this.#rule === null || this.#rates !== rates_bps.join()) {
        this.#rule = new RungRule(rates_bps);
        this.#rates = rates_bps.join();
      }
      return this.#rule;
    }
  };
}

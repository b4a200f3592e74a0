/** Edge: while live, the screen does not go to sleep, and leaving the page is asked about. */

export class OnAir {
  #on = false;
  #lock: WakeLockSentinel | null = null;

  constructor() {
    document.addEventListener("visibilitychange", () => void this.#stayAwake()); // a hidden page loses its lock
  }

  set(on: boolean): void {
    if (on === this.#on) return;
    this.#on = on;
    if (on) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
    void this.#stayAwake();
  }

  async #stayAwake(): Promise<void> {
    if (!this.#on) {
      await this.#lock?.release();
      this.#lock = null;
    } else if (document.visibilityState === "visible" && (this.#lock?.released ?? true)) {
      // refused when the battery is low, unknown to some browsers
      this.#lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    }
  }
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

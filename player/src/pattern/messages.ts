/** Pure: what the page and the pattern's worker say to each other. */

export interface Start {
  readonly kind: "start";
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly name: string;
  readonly offsetMs: number;
  /** Where frames go; without it the worker only says when to draw. */
  readonly frames: WritableStream<VideoFrame> | null;
}

/** The node's clock moved against this machine's. */
export interface Correct {
  readonly kind: "correct";
  readonly offsetMs: number;
}

export type ToWorker = Start | Correct;

/** A frame is due. */
export interface Due {
  readonly kind: "due";
}

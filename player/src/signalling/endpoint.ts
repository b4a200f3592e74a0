/** Edge: the HTTP of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): an offer out, an answer in, DELETE at the end. */

import { FRAGMENT, fragmentOf, withIceOf } from "./fragment.ts";
import { resolveLocation, retryAfterOf } from "./links.ts";

const SDP = "application/sdp";
const TIMEOUT_MS = 10_000;
const RESTART_TIMEOUT_MS = 3000; // the node gives a lost publisher up after some seconds: better to ask once more

/** An offer that was not accepted; the message is one sentence for people. */
export class Refused extends Error {
  override readonly name = "Refused";
  /** 0: no answer at all. */
  readonly status: number;
  readonly retryAfter_s: number | null;

  constructor(sentence: string, status: number, retryAfter_s: number | null = null) {
    super(sentence);
    this.status = status;
    this.retryAfter_s = retryAfter_s;
  }

  /** Trying again could help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 409 || this.status === 404 || this.status >= 500;
  }
}

/** One accepted connection. */
export class Resource {
  readonly #url: string | null;
  #deleted = false;

  constructor(url: string | null) {
    this.#url = url;
  }

  /**
   * Restart ICE (RFC 9725 4.3.3): other addresses, and the session, its keys and its media stay. Throws `Refused`; one
   * that got no answer may be asked again, with the same offer.
   */
  async restartIce(peer: RTCPeerConnection, abort: AbortSignal): Promise<void> {
    const answer = peer.currentRemoteDescription;
    if (this.#url === null || answer === null) throw new Refused("the session cannot be restarted", 405);
    if (peer.signalingState === "stable") {
      await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
    }
    const fragment = fragmentOf(peer.localDescription?.sdp ?? "");
    const headers = { "Content-Type": FRAGMENT, "If-Match": "*" };
    const response = await send(this.#url, { method: "PATCH", headers, body: fragment }, abort, RESTART_TIMEOUT_MS);
    if (response.status !== 200) throw await refusal(response);
    try {
      await peer.setRemoteDescription({ type: "answer", sdp: withIceOf(answer.sdp, await response.text()) });
    } catch (error) {
      throw new Refused(`the browser does not take the node's restart: ${String(error)}`, 422);
    }
  }

  /** End it on the server; also while the page is going away. Once is enough. */
  delete(): void {
    if (this.#url === null || this.#deleted) return;
    this.#deleted = true;
    fetch(this.#url, { method: "DELETE", keepalive: true }).catch(() => undefined); // the node notices by itself, later
  }
}

/**
 * Offer what the peer connection holds and apply the answer, edited. Throws `Refused`.
 *
 * The offer goes out before a candidate is gathered (RFC 9725 4.3.2 allows an empty list): the node is ICE-lite and
 * learns our addresses from our checks. Waiting for the candidates took 100 to 500 ms of every start.
 */
export async function negotiate(
  endpoint: string,
  peer: RTCPeerConnection,
  abort: AbortSignal,
  edit: (answer: string) => string = (answer) => answer,
): Promise<Resource> {
  await peer.setLocalDescription();
  const response = await post(endpoint, peer.localDescription?.sdp ?? "", abort);
  const resource = new Resource(resolveLocation(response.url, response.headers.get("Location")));
  if (abort.aborted) {
    resource.delete();
    throw new Refused("stopped", 0);
  }
  try {
    await peer.setRemoteDescription({ type: "answer", sdp: edit(await response.text()) });
  } catch (error) {
    resource.delete();
    throw new Refused(`the browser does not take the node's answer: ${String(error)}`, 422);
  }
  return resource;
}

async function post(endpoint: string, offer: string, abort: AbortSignal): Promise<Response> {
  const url = new URL(endpoint, location.href).href;
  const response = await send(
    url,
    { method: "POST", headers: { "Content-Type": SDP }, body: offer },
    abort,
    TIMEOUT_MS,
  );
  if (response.status !== 201) throw await refusal(response);
  return response;
}

async function send(url: string, request: RequestInit, abort: AbortSignal, timeoutMs: number): Promise<Response> {
  try {
    return await fetch(url, { ...request, signal: AbortSignal.any([abort, AbortSignal.timeout(timeoutMs)]) });
  } catch {
    throw new Refused(abort.aborted ? "stopped" : "the node does not answer", 0);
  }
}

async function refusal(response: Response): Promise<Refused> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: unknown };
  const detail = typeof problem.detail === "string" ? problem.detail : `answered with ${response.status}`;
  return new Refused(detail, response.status, retryAfterOf(response.headers.get("Retry-After")));
}
